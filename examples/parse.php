#!/usr/bin/env php
<?php
// SPDX-License-Identifier: MIT
// One line for each recipient that each message reports, through FFI: php parse.php bounce.eml...
// A web server's PHP needs ffi.enable = true, or this as a file of opcache.preload.

$header = file_get_contents(getenv('BOUNCEBOX_H') ?: '/usr/local/include/bouncebox/bouncebox.h');
$header = preg_replace('/^#ifdef __cplusplus.*?^#endif/ms', '', $header);  // only for C++
$header = preg_replace('/^#.*$/m', '', $header);                           // the preprocessor's lines
$lib = FFI::cdef($header, 'libbouncebox.so.0');

$error = $lib->new('bouncebox_error');
$rules = $lib->bouncebox_rules_new(null, null, 0, FFI::addr($error));
if ($rules === null) {
    fwrite(STDERR, FFI::string($error->text) . "\n");
    exit(1);
}

foreach (array_slice($argv, 1) as $path) {
    $message = file_get_contents($path);
    $result = $lib->bouncebox_parse($rules, $message, strlen($message), null, FFI::addr($error));
    if ($result === null) {
        fwrite(STDERR, FFI::string($error->text) . "\n");
        exit(1);
    }
    for ($i = 0; $i < $lib->bouncebox_result_rows($result); $i++) {
        $row = $lib->bouncebox_result_row($result, $i);
        printf("%s: %s, %s, %.0f %% sure by %s: %s\n", FFI::string($row->recipient->text),
            $lib->bouncebox_word($lib->BOUNCEBOX_WORDS_KIND, $row->kind),
            $lib->bouncebox_word($lib->BOUNCEBOX_WORDS_REASON, $row->reason), $row->confidence * 100,
            FFI::string($row->rule->text), FFI::string($row->diagnostic->text));
    }
    $lib->bouncebox_result_free($result);
}
$lib->bouncebox_rules_free($rules);
