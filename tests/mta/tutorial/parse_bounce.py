import re
import email

def parse_bounce(message):
    msg = email.message_from_string(message)
    subject = msg['subject']
    body = msg.get_payload()

    # Check for common bounce patterns
    if '550' in subject or 'permanent failure' in body.lower():
        return 'hard'
    elif '421' in subject or 'temporary failure' in body.lower():
        return 'soft'
    return None
