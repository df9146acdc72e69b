postmap /etc/postfix/virtual
postfix reload
