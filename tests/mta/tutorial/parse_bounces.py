import email
import re
from mailbox import mbox

def parse_bounces(mbox_path):
    pattern = re.compile(r'bounce-(\d+)@example\.com')
    bounces = {'hard': set(), 'soft': set()}

    for message in mbox(mbox_path):
        if message['X-Failed-Recipients']:
            original_id = pattern.search(message['Return-Path']).group(1)
            if '5.1.1' in message.get_payload():  # Hard bounce code
                bounces['hard'].add(original_id)
            else:  # Soft bounce
                bounces['soft'].add(original_id)
    return bounces
