$headers = [
    'Return-Path: bounce-'.time().'@example.com',
    'From: newsletter@example.com',
    'Content-Type: text/html; charset=UTF-8'
];
mail($to, $subject, $message, implode("\r\n", $headers));
