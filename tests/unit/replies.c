/* SPDX-License-Identifier: MIT
 *
 * replies: what real systems answer, held against the built-in rules.
 */
#include "core/classify/classify.h"
#include "tap.h"

#define H(reply, reason)                                                  \
    {                                                                     \
        reply, BB_KIND_HARD, BB_REASON_##reason, "", "", BB_ACTION_FAILED \
    }
#define S(reply, reason)                                                  \
    {                                                                     \
        reply, BB_KIND_SOFT, BB_REASON_##reason, "", "", BB_ACTION_FAILED \
    }
#define B(reply, reason)                                                   \
    {                                                                      \
        reply, BB_KIND_BLOCK, BB_REASON_##reason, "", "", BB_ACTION_FAILED \
    }
/* with the SMTP stage, or the refusing host */
#define AT(stage, reply, kind, reason)                                         \
    {                                                                          \
        reply, BB_KIND_##kind, BB_REASON_##reason, stage, "", BB_ACTION_FAILED \
    }
#define OF(host, reply, kind, reason)                                         \
    {                                                                         \
        reply, BB_KIND_##kind, BB_REASON_##reason, "", host, BB_ACTION_FAILED \
    }
#define ACT(action, reply, kind, reason)                                      \
    {                                                                         \
        reply, BB_KIND_##kind, BB_REASON_##reason, "", "", BB_ACTION_##action \
    }

static const struct row {
    const char *reply;
    bb_kind kind;
    bb_reason reason;
    const char *command, *host;
    bb_action action;
} rows[] = {
    /* ---- no such user ---- */
    H("550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in local recipient table", userunknown),
    H("550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in virtual mailbox table", userunknown),
    H("550 5.1.1 <nobody@example.net>: Recipient address rejected: User unknown in relay recipient table", userunknown),
    H("550 5.1.0 <nobody@example.net>: Recipient address rejected: User unknown", userunknown),
    H("550 5.1.1 <nobody@example.net>... User unknown", userunknown),
    H("550 Unrouteable address", userunknown),
    H("550 unknown user", userunknown),
    H("550 No Such User Here", userunknown),
    H("550 No such user here", userunknown),
    H("550-Callout verification failed: 550 550-5.1.1 No such user", userunknown),
    H("Sorry, no mailbox here by that name. (#5.1.1)", userunknown),
    H("550 sorry, no mailbox here by that name (#5.7.17)", userunknown),
    H("511 sorry, no mailbox here by that name (#5.1.1 - chkuser)", userunknown),
    H("This address no longer accepts mail.", suspend),
    H("550 5.1.1 RESOLVER.ADR.RecipNotFound; not found", userunknown),
    H("550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found", userunknown),
    H("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", userunknown),
    H("550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the "
      "recipient's email address for typos or 550-5.1.1 unnecessary spaces. For more information, go to 550 5.1.1 "
      "https://support.google.com/mail/?p=NoSuchUser a1si12345ejb.123 - gsmtp",
      userunknown),
    H("554 delivery error: dd This user doesn't have a yahoo.com account (nobody@yahoo.com) [0] - mta1234.mail.gq1",
      userunknown),
    H("554 delivery error: dd Sorry your message to nobody@yahoo.com cannot be delivered. This mailbox is disabled "
      "(554.30). - mta1.mail.bf1.yahoo.com",
      suspend),
    H("550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", userunknown),
    H("550 5.1.1 <nobody@icloud.com>: user does not exist", userunknown),
    H("550 5.4.1 Recipient address rejected: Access denied. [AM5EUR02FT056.eop-EUR02.prod.protection.outlook.com]",
      userunknown),
    H("550 #5.1.0 Address rejected.", userunknown),
    H("550 5.1.0 Address rejected nobody@example.net", userunknown),
    H("550 5.7.1 No such user!", userunknown),
    H("550 Invalid recipient <nobody@example.net> (#5.1.1)", userunknown),
    H("550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550", userunknown),
    H("550 Mailbox does not exist!", userunknown),
    H("550 Mailbox not found", userunknown),
    H("550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&&id=20022&&no=1000728", userunknown),
    H("550 User not found: nobody@example.net", userunknown),
    H("550 User not found", userunknown),
    H("550 <nobody@example.net> No such user here", userunknown),
    H("550 Message was not accepted -- invalid mailbox.  Local mailbox nobody@mail.ru is unavailable: user not found",
      userunknown),
    H("550 5.2.0 No such mailbox", userunknown),
    H("550 <nobody@example.net> is not a valid mailbox", userunknown),
    H("554 5.1.1 <nobody@example.net>: Recipient address rejected: undeliverable address: host mx.example.net said: "
      "550 "
      "No such recipient",
      userunknown),
    H("550 5.1.1 The mail server does not recognize the recipient", userunknown),
    H("550 Address unknown", userunknown),
    H("550 #5.1.1 bad address nobody@example.net", userunknown),
    H("550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_418 [418]", userunknown),
    H("550 5.1.1 Utilisateur inconnu", userunknown),
    H("550 Requested action not taken: mailbox unavailable", userunknown),
    H("550 Benutzer unbekannt", userunknown),
    H("550 Empfaenger unbekannt", userunknown),
    H("554 Postfach nicht vorhanden", userunknown),
    H("550 Usuario desconocido", userunknown),
    H("550 La cuenta de correo no existe", userunknown),
    H("550 Usuário desconhecido", userunknown),
    H("550 Caixa postal inexistente", userunknown),
    H("550 Utente sconosciuto", userunknown),
    H("550 La casella di posta non esiste", userunknown),
    H("550 Gebruiker onbekend", userunknown),
    H("550 Użytkownik nieznany", userunknown),
    H("550 Konto pocztowe nie istnieje", userunknown),
    H("550 Пользователь не найден", userunknown),
    H("550 Почтовый ящик не существует", userunknown),
    H("550 宛先のメールアドレスが見つかりません", userunknown),
    H("550 收件人不存在", userunknown),
    H("550 Okänd mottagare", userunknown),
    H("unknown user: \"nobody\"", userunknown),
    H("550 5.1.1 Not our Customer", userunknown),
    H("550 5.7.1 Recipient not authorized; user is unknown", userunknown),
    H("550 recipient not in our directory", userunknown),
    H("550 recipient name unknown", userunknown),
    B("550 realm name unknown", onhold),
    B("550 送信者: そのようなユーザーはいません", onhold),
    H("550 nobody here by that name", userunknown),
    H("550 Adressat nicht bekannt", userunknown),
    H("550 Diese Adresse gibt es nicht", userunknown),
    H("550 Cette adresse n'existe plus", userunknown),
    H("550 Compte inexistant", userunknown),
    H("550 Такого ящика нет", userunknown),
    H("550 そのようなユーザーはいません", userunknown),
    H("550 收件人地址無效", userunknown),
    B("550 sender not in our directory", rejected),
    B("550 server name unknown", onhold),
    B("550 votre compte est inexistant : compte inexistant", rejected),
    /* said by systems that answer "temporary" */
    S("450 4.1.1 <nobody@example.net>: Recipient address rejected: User unknown in local recipient table", userunknown),
    S("450 4.1.1 <nobody@example.net>: Recipient address rejected: unverified address: Address verification in "
      "progress",
      greylisted),
    S("451 4.3.0 <nobody@example.net>: Temporary lookup failure", systemerror),

    /* ---- moved, disabled, takes no mail ---- */
    H("551 5.1.6 User has moved; please try <new@example.org>", hasmoved),
    H("551 User not local; please try <new@example.org>", hasmoved),
    H("550 5.1.6 Recipient no longer on server: nobody@mac.com", hasmoved),
    H("550 5.2.1 The email account that you tried to reach is disabled. Learn more at "
      "https://support.google.com/mail/?p=DisabledUser x1sor123.4 - gsmtp",
      suspend),
    H("550 5.2.1 <nobody@example.net>... Mailbox disabled for this recipient", suspend),
    H("550 Account is suspended", suspend),
    H("550 5.2.1 This account has been deactivated", suspend),
    H("525 5.7.13 <nobody@example.net> user account disabled", suspend),
    H("550 This account has expired", suspend),
    H("554 Account inactive", suspend),
    H("550 user deleted", suspend),
    H("550 user has been deleted", suspend),
    H("550 The user has left the company", suspend),
    H("550 the address has been deactivated", suspend),
    H("550 this e-mail address is not active", suspend),
    H("550 The recipient's mailbox was removed", suspend),
    H("550 Das Konto wurde gelöscht", suspend),
    H("550 Почтовый ящик отключён", suspend),
    H("550 Аккаунт удалён", suspend),
    B("550 your address has been deactivated", rejected),
    B("550 the IP address has been deactivated", onhold),
    B("550 message for user deleted from spool", onhold),
    B("550 user removed from list", onhold),
    B("550 mail to user deleted unread", onhold),
    B("550 user deleted your message", onhold),
    B("550 the link address has been deactivated", contenterror),
    B("550 Ihr Konto wurde gelöscht", rejected),
    S("550 5.7.1 <u@example.net>: Recipient address rejected: mailbox temporarily locked", suspend),
    S("450 4.2.1 <u@example.net>: Recipient address rejected: account temporarily disabled", suspend),
    H("556 5.1.10 <nobody@example.net>: Recipient address rejected: Domain example.net does not accept mail (nullMX)",
      notaccept),
    H("Domain example.net does not accept mail (nullMX)", notaccept),
    H("521 5.3.2 this host does not accept mail", notaccept),
    H("521 example.net does not accept mail", notaccept),
    H("550 5.1.10 NULL MX", notaccept),

    /* ---- hosts ---- */
    H("Host or domain name not found. Name service error for name=nosuch.example type=A: Host not found", hostunknown),
    S("Host or domain name not found. Name service error for name=nosuch.example type=MX: Host not found, try again",
      networkerror),
    H("550 5.1.2 <nobody@nosuch.example>... Host unknown (Name server: nosuch.example: host not found)", hostunknown),
    H("Sorry, I couldn't find any host named nosuch.example. (#5.1.2)", hostunknown),
    S("CNAME lookup failed temporarily. (#4.4.3)", networkerror),
    H("550 5.4.310 DNS domain nosuch.example does not exist [Message=InfoDomainNonexistent]", hostunknown),
    H("550 5.4.4 SMTPSEND.DNS.NonExistentDomain; nonexistent domain", hostunknown),
    H("DNS Error: DNS type 'mx' lookup of nosuch.example responded with code NXDOMAIN Domain name not found: "
      "nosuch.example",
      hostunknown),
    S("DNS Error: DNS type 'mx' lookup of example.net responded with code SERVFAIL", networkerror),
    H("all relevant MX records point to non-existent hosts", hostunknown),
    H("No such domain", hostunknown),
    H("550 5.1.2 Bad destination system address", hostunknown),
    S("451 4.4.0 DNS query failed", networkerror),
    S("450 4.4.312 DNS query failed [Message=ErrorTimeout]", networkerror),

    /* ---- the way there ---- */
    S("connect to mx.example.net[192.0.2.1]:25: Connection refused", networkerror),
    S("connect to mx.example.net[192.0.2.1]:25: Connection timed out", expired),
    S("connect to mx.example.net[192.0.2.1]:25: No route to host", networkerror),
    S("connect to mx.example.net[2001:db8::1]:25: Network is unreachable", networkerror),
    S("lost connection with mx.example.net[192.0.2.1] while receiving the initial server greeting", networkerror),
    S("conversation with mx.example.net[192.0.2.1] timed out while sending RCPT TO", expired),
    S("mail for example.net loops back to myself", networkerror),
    S("554 5.4.6 Too many hops", networkerror),
    S("554 5.4.14 Hop count exceeded - possible mail loop ATTR34", networkerror),
    S("550 5.4.1 [example.net]: No answer from host", networkerror),
    S("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)", networkerror),
    S("Connected to 192.0.2.1 but connection died. (#4.4.2)", networkerror),
    S("retry timeout exceeded", expired),
    S("550 4.4.7 QUEUE.Expired; message expired", expired),
    S("550 5.4.300 Message expired -> 451 4.7.0 Temporary server error. Please try again later. PRX4", expired),
    S("delivery temporarily suspended: connect to mx.example.net[192.0.2.1]:25: Connection timed out", expired),
    S("Delivery failed: message has been in the queue too long", expired),
    S("I'm not going to try again; this message has been in the queue too long.", expired),
    S("403 4.7.0 TLS handshake failed.", networkerror),
    S("451 4.4.2 Timeout - closing connection", expired),

    /* ---- full ---- */
    S("452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to "
      "https://support.google.com/mail/?p=OverQuotaTemp 1si2.3 - gsmtp",
      mailboxfull),
    S("552-5.2.2 The recipient's inbox is out of storage space. Please direct the 552-5.2.2 recipient to 552 5.2.2 "
      "https://support.google.com/mail/?p=OverQuotaPerm x - gsmtp",
      mailboxfull),
    S("552 5.2.2 <full@example.net> Quota exceeded (mailbox for user is full)", mailboxfull),
    S("554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
      mailboxfull),
    S("550 5.7.1 <full@example.net>: Recipient address rejected: Mailbox quota exceeded", mailboxfull),
    S("550 5.1.1 mailbox is full", mailboxfull),
    S("552 Requested mail action aborted: exceeded storage allocation", mailboxfull),
    S("maildir delivery failed: user is over quota", mailboxfull),
    S("552 5.2.2 Over quota", mailboxfull),
    S("450 4.2.2 Mailbox full", mailboxfull),
    S("550 Postfach ist voll", mailboxfull),
    S("552 Boîte aux lettres pleine", mailboxfull),
    S("552 La casella del destinatario è piena", mailboxfull),
    S("552 Buzón lleno", mailboxfull),
    S("552 Caixa postal cheia", mailboxfull),
    S("552 Skrzynka jest pełna", mailboxfull),
    S("552 Почтовый ящик переполнен", mailboxfull),
    S("552 收件人邮箱已满", mailboxfull),
    S("Disk quota exceeded", mailboxfull),
    S("452 4.3.1 Insufficient system storage", systemfull),
    S("452 4.3.1 Insufficient system resources", systemerror),
    S("451 4.3.0 No space left on device", systemfull),

    /* ---- the receiving system ---- */
    S("451 4.3.2 Please try again later", systemerror),
    S("451 Temporary local problem - please try later", systemerror),
    S("550 5.3.0 Internal server error", systemerror),
    S("Command died with status 1: \"/usr/local/bin/filter\"", mailererror),
    S("local delivery failed: child crashed", mailererror),
    S("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", speeding),
    S("421 4.3.0 Temporary System Problem.  Try again later. - gsmtp", systemerror),
    S("451 4.7.1 Greylisting in action, please come back later", greylisted),
    S("450 4.2.0 <u@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/",
      greylisted),
    S("421 4.7.0 Too many connections from your IP", toomanyconn),
    S("450 4.7.1 Error: too much mail from 192.0.2.1", speeding),
    S("452 4.5.3 Too many recipients", toomanyconn),
    S("421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address",
      speeding),
    S("450-4.2.1 The user you are trying to contact is receiving mail at a rate that 450-4.2.1 prevents additional "
      "messages "
      "from being delivered. Please resend your 450-4.2.1 message at a later time.",
      speeding),

    /* ---- not about the address at all ---- */
    B("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
      "https://www.spamhaus.org/query/ip/192.0.2.1",
      blocked),
    B("550 5.1.1 <u@example.net>: Recipient address rejected: Client host listed at bl.spamcop.net", blocked),
    B("550 JunkMail rejected - mx.example.com [192.0.2.1]:25 is in an RBL: Client host blocked using Barracuda "
      "Reputation",
      blocked),
    B("550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider "
      "since "
      "part of their network is on our block list (S3150).",
      blocked),
    B("550 5.7.511 Access denied, banned sender[192.0.2.1]", blocked),
    B("554 Your access to this mail system has been rejected due to the sending MTA's poor reputation.", badreputation),
    B("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints",
      badreputation),
    B("554 5.7.1 [P4] Message blocked due to spam content in the message.", spamdetected),
    B("550 5.7.1 Message rejected as spam by Content Filtering.", spamdetected),
    B("550 High probability of spam", spamdetected),
    B("554 Message refused: This message looks like SPAM", spamdetected),
    B("550 5.7.0 Local policy violation", policyviolation),
    B("554 5.7.1 : message rejected due to policy", policyviolation),
    B("550 Administrative prohibition", policyviolation),
    B("550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to "
      "authenticate with either SPF or DKIM.",
      authfailure),
    B("550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's 550-5.7.26 DMARC policy.",
      authfailure),
    B("550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC policy "
      "of "
      "reject.",
      authfailure),
    B("550 5.7.23 SPF validation failed", authfailure),
    B("550 5.7.1 SPF fail - not authorized", authfailure),
    B("550 5.7.20 no valid DKIM signature found", authfailure),
    B("550 5.7.25 The IP address sending this message does not have a PTR record setup", requireptr),
    B("554 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", requireptr),
    B("550 Reverse DNS lookup failed for host 192.0.2.1", requireptr),
    B("554-gmx.net (mxgmx001) Nemesis ESMTP Service not available 554-No SMTP service 554-Bad DNS PTR resource record. "
      "554 "
      "For explanation visit https://postmaster.gmx.net/en/case",
      requireptr),
    B("550 Relaying denied", norelaying),
    B("554 5.7.1 <u@example.net>: Relay access denied", norelaying),
    B("550 5.7.1 Unable to relay", norelaying),
    B("553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", norelaying),
    B("550 relay not permitted", norelaying),
    B("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", norelaying),
    B("552 5.3.4 Message size exceeds fixed maximum message size", mesgtoobig),
    B("552 5.3.4 Error: message file too big", mesgtoobig),
    B("552-5.2.3 Your message exceeded Google's message size limits.", mesgtoobig),
    B("550 5.2.3 Message too large for this mailbox", mesgtoobig),
    B("554 5.7.1 virus Eicar-Test-Signature detected by ClamAV", virusdetected),
    B("552-5.7.0 This message was blocked because its content presents a potential 552-5.7.0 security issue.",
      policyviolation),
    B("554 5.6.0 Message contains invalid header", notcompliantrfc),
    B("550-5.7.1 Messages missing a valid Message-ID header are not accepted.", notcompliantrfc),
    B("550 5.1.8 <x@nosuch.example>: Sender address rejected: Domain not found", rejected),
    B("553 5.1.8 <x@nosuch.example>... Domain of sender address x@nosuch.example does not exist", rejected),
    B("550 sender verify failed", rejected),
    B("550 5.7.1 <x@example.com>: Sender address rejected: Access denied", rejected),
    B("550 5.7.1 Your message was rejected by the recipient's domain because only members may post", rejected),
    B("550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required", securityerror),
    B("530 5.7.0 Must issue a STARTTLS command first", securityerror),
    B("530 5.7.1 Authentication required", securityerror),
    B("550 5.5.2 Syntax error", syntaxerror),
    B("500 5.5.1 Unrecognized command", syntaxerror),
    B("554 5.7.1 <u@example.net>: Client host rejected: Access denied", blocked),
    B("550 5.7.1 Abgelehnt wegen Spam-Verdacht", spamdetected),
    B("554 Votre message a été bloqué : adresse IP sur liste noire", blocked),
    B("450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]", requireptr),
    B("451 4.7.1 Service unavailable - Client host [192.0.2.1] blocked using dnsbl.example", blocked),

    /* ---- of the sender: his address, his host, his fields, his account ---- */
    AT("MAIL", "550 5.1.1 <bounce-7@example.com>: Recipient address rejected: User unknown", BLOCK, rejected),
    AT("MAIL", "550 5.7.1 unknown user", BLOCK, policyviolation),
    AT("MAIL", "550 Host unknown", BLOCK, rejected),
    AT("MAIL", "550 account suspended", BLOCK, rejected),
    AT("MAIL", "450 4.1.1 user unknown", SOFT, systemerror),
    AT("EHLO", "550 unknown host", BLOCK, blocked),
    AT("EHLO", "501 Invalid hostname", BLOCK, syntaxerror),
    AT("AUTH", "535 5.7.8 account disabled", BLOCK, securityerror),
    AT("CONN", "554 user unknown", BLOCK, rejected),
    AT("CONN", "550 No such domain", BLOCK, blocked), /* a host that answers is there: it means ours */
    AT("CONN", "No such domain", HARD, hostunknown),
    AT("CONN", "521 this host does not accept mail", HARD, notaccept),
    AT("RCPT", "550 5.1.8 Domain not found", BLOCK, rejected),
    AT("RCPT", "550 5.1.7 No such domain", BLOCK, rejected),
    B("554 5.7.1 the reply-to address does not exist", rejected),
    B("554 message From: address does not exist", rejected),
    B("550 the address you are sending from does not exist", rejected),
    B("550 Return-Path domain does not exist", rejected),
    B("550 Invalid address in Reply-To header", rejected),
    B("550 client address rejected", rejected),
    B("550 return address rejected", rejected),
    B("550 Your address is not known here", rejected),
    B("550 5.7.1 Mail from unknown user", rejected),
    B("550 5.7.1 IP is not known to us", rejected),
    B("550 Verify: originator unknown user", rejected),
    B("550 unknown user/bad password", rejected),
    B("550 you are not a customer", rejected),
    B("550 our contract with this customer ended; not our customer IP range", rejected),
    B("550 Sending account is inactive", rejected),
    B("550 Account outbounds disabled", rejected),
    B("504 5.5.2 <localhost>: bad hostname: invalid hostname", rejected),

    B("550 authentication failed: user unknown", rejected),
    B("550 the sender's mailbox unavailable", rejected),
    B("535 5.7.8 user unknown", securityerror),
    B("503 no valid recipients", syntaxerror),
    B("550 Recipient address rejected: This recipient requires authenticated senders", rejected),
    B("550 <nobody@example.net>: Recipient address rejected: Zxqwv", onhold),
    H("550 5.1.1 <nobody@example.net>: Recipient address rejected: Zxqwv", userunknown),
    H("550 5.1.1 <nobody@example.net>... User unknown [IP is 192.0.2.1]", userunknown),
    H("550 5.1.1 Message rejected: no such recipient", userunknown),
    H("550 5.1.1 Your email could not be delivered", userunknown),
    H("550-5.1.1 no such user. Please check your address book. 550 5.1.1 Your message was not delivered.", userunknown),
    H("550 no such user here, please remove from your newsletter", userunknown),
    H("550 user has been terminated, message refused", suspend),

    /* ---- lists that the sender is not on ---- */
    B("550 5.7.1 user not found in whitelist", rejected),
    B("550 not in directory of approved senders", rejected),
    B("550 recipient not found in your allowed contacts", rejected),
    B("550 Delivery restricted: this alias not found in your permission group", rejected),
    B("550 user only accepts mail from known senders; unknown user", rejected),
    B("550 mail to this user is disabled for external senders", rejected),
    B("550 filter license account expired, contact postmaster", rejected),
    B("550 account is blocked by parental control", rejected),

    /* ---- of the message ---- */
    B("550 5.7.1 Message blocked, link to nonexistent domain", contenterror),
    B("550 message contains unknown domain", contenterror),
    B("554 rejected: header domain not found", contenterror),
    B("550 no user agent header", contenterror),
    B("550 user has moved message to quarantine", contenterror),
    B("550 recipient is not accepting messages larger than 10 MB", contenterror),
    B("550 recipient not accepting newsletters", contenterror),
    B("550 Requested action not taken: mailbox unavailable (content)", contenterror),
    AT("DATA", "550 Requested action not taken: mailbox unavailable", BLOCK, rejected),
    AT("DATA", "550 5.1.1 <nobody@example.net> User unknown", HARD, userunknown), /* LMTP, and who looks late */
    B("550 This server does not accept mail over unencrypted connections", contenterror),
    B("554 This system does not accept mail containing executable attachments", contenterror),
    B("550 does not accept mail over IPv6", blocked),
    B("550 system does not accept mail directly from residential networks", blocked),
    B("550 5.1.1 Message rejected due to content", contenterror),
    B("550 5.1.1 Message rejected", rejected),
    B("550 5.1.1 Service unavailable", rejected),
    B("550 5.1.1 Access denied", rejected),
    H("550 5.1.1 Zxqwv plomf", userunknown), /* words that nobody can read take nothing from the code */

    /* ---- for now ---- */
    S("550 Mailbox unavailable due to maintenance", systemerror),
    S("550 Recipient not found; directory temporarily unavailable", systemerror),
    S("550 user lookup failed: user not found due to timeout", systemerror),
    S("550 Mailbox disabled: please try again in a few hours", systemerror),
    S("550 user is not accepting mail right now", systemerror),
    S("550 This server does not accept mail at this hour, try again tomorrow", systemerror),
    S("550 this mailbox has moved to Office 365, try again", systemerror),
    S("550 Account inbounds disabled", suspend),
    S("421 4.4.1 unknown host", hostunknown),
    S("450 4.4.312 DNS query failed: nxdomain", hostunknown),
    S("Sorry, I couldn't find any host named nosuch.example. (#4.1.2)", hostunknown),
    S("550 5.1.1 <u@example.net>: Recipient address rejected: undeliverable address: host mx.example.net said: 451 "
      "4.3.0 "
      "try again",
      userunknown),
    B("TLSA lookup error for mx.example.net:25: Host not found; 5.7.5", securityerror),
    B("550 MX for bounces.example.com does not exist here", onhold),
    B("550 DNS record for example.com no longer exists", onhold),

    /* ---- denied, or true only of other cases ---- */
    B("550 refused for its content, not because the mailbox does not exist", contenterror),
    B("550 refused, not because the mailbox does not exist", onhold),
    B("550 Account is not disabled", onhold),
    B("550 When a mailbox does not exist you get this notice, and also when our server was busy", onhold),
    B("550 This does not mean that the user does not exist", onhold),
    B("550 Das heißt nicht, dass der Benutzer unbekannt ist", onhold),
    B("550 Esto no significa que el usuario no existe", onhold),
    B("550 Это не означает, что пользователь не найден", onhold),

    /* ---- of the sender, in any language ---- */
    B("550 l'adresse d'expédition n'existe pas", rejected),
    B("550 votre adresse n'existe pas", rejected),
    B("550 il suo indirizzo non esiste", rejected),
    B("550 sua conta não existe", rejected),
    B("550 su dirección no existe", rejected),
    B("550 Ihre Adresse existiert nicht", rejected),
    B("550 ваш адрес не существует", rejected),
    B("550 uw adres bestaat niet", rejected),
    B("550 Pana adres nie istnieje", rejected),
    B("550 您的账号不存在", rejected),
    B("550 您的邮箱不存在", rejected),
    B("550 送信者のアドレスが存在しません", rejected),
    B("550 送信者アカウントは停止されています", rejected),
    B("550 The sending user bounce is not listed in the Domino Directory", rejected),
    B("550 client user name unknown", rejected),
    B("550 mailbox unavailable for you", rejected),
    B("550 your e-mail address does not exist", rejected),
    B("550 votre boîte n'existe pas", rejected),
    B("550 您的域名不存在", rejected),
    B("550 user unknown: please authenticate", rejected),
    B("550 message matches rule \"account suspended\"", contenterror),
    S("550 user not found: SQL error", systemerror),
    S("550 mailbox disabled during holidays", systemerror),
    S("550 Forward address does not exist", systemerror),
    S("550 next hop host not found", systemerror),
    B("550 User unknown to you may not be contacted from this host", rejected),
    B("550 5.7.1 user unknown: authenticate first", rejected),
    B("550 5.1.1 You are an unknown user to this recipient", rejected),
    B("550 Fake bounce rejected (user unknown)", rejected),
    B("550 Ticket closed: your reply address is no longer valid for this ticket", rejected),
    H("550 No such user here, please check your address book", userunknown),

    /* ---- of something in the message, or beside it ---- */
    B("550 There is no user-visible text in your message", contenterror),
    B("550 From: domain has no MX and does not accept mail", rejected),
    B("550 rejected because the domain in a link (x) does not exist", contenterror),
    B("550 the link host was not found", contenterror),
    B("550 non-existing domain found in body", contenterror),
    B("550 Spam pattern: \"mailbox is disabled\"", spamdetected),
    B("550 Rule 12: subject 'account deleted' rejected", contenterror),
    B("550 invalid-user.zip contained Worm.Account.Disabled", virusdetected),
    B("550 certificate for user unknown", securityerror),
    B("550 The key of user does not exist", securityerror),
    B("550 5.1.1 gateway licence expired, unknown domain not relayed", norelaying),

    /* ---- of the receiving system's own affairs, or only for a while ---- */
    AT("CONN", "550 unknown host", BLOCK, blocked),
    S("550 user not found (LDAP timeout)", systemerror),
    S("550 pipe command user nobody does not exist", mailererror),
    S("550 vacation: user is away and no longer reads until Monday", systemerror),
    S("550 5.1.2 our smarthost relay.example.net not found", systemerror),
    S("550 5.2.1 Account is being migrated", systemerror),
    S("550 5.2.1 mailbox disabled until the owner confirms the terms", systemerror),
    S("550 5.1.1 forwarding to ann@third.example failed: 550 user unknown", systemerror),
    S("550 The forwarding address of this user does not exist", systemerror),

    /* a name of a host is nobody's word */
    H("550 The e-mail account does not exist at this organization <mx.example.net>", userunknown),
    S("550 Mailbox disabled on mx.example.net: please try again in a few hours", systemerror),

    /* ---- codes alone ---- */
    H("550 5.1.1", userunknown),
    H("550 5.1.2", hostunknown),
    H("550 5.4.1", userunknown),
    S("452 4.2.2", mailboxfull),
    S("452 4.3.1", systemfull),
    S("4.4.7", expired),
    H("550", userunknown),
    S("421", networkerror),
    B("554 5.7.1", policyviolation),
    AT("RCPT", "550", HARD, userunknown),
    AT("DATA", "550", BLOCK, rejected),
    AT("MAIL", "550", BLOCK, rejected),
    AT("DATA", "553", BLOCK, rejected),
    B("550 XJ-77", onhold), /* an id stands for words */

    /* ---- the action field ---- */
    ACT(DELAYED, "450 4.2.2 Mailbox full", DELAYED, mailboxfull),
    ACT(DELAYED, "550 5.1.1 User unknown", DELAYED, userunknown),
    ACT(DELIVERED, "250 2.0.0 OK", DELIVERED, delivered),
    ACT(RELAYED, "250 2.1.5", DELIVERED, delivered),
    ACT(EXPANDED, "", DELIVERED, delivered),

    /* ---- the same words by another host ---- */
    OF("mx1.mail.icloud.com", "554 5.7.1 [HM08] Message rejected due to local policy.", BLOCK, policyviolation),
    OF("lsmtp.docomo.ne.jp", "550 Unknown user nobody@docomo.ne.jp", HARD, userunknown),
};

int main(void)
{
    bb_err err;
    bb_rules *rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!ok(rules != NULL, "the built-in rules compile")) return tap_note("%s", err.text), tap_done();
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        const struct row *r = &rows[i];
        bb_evidence e = {.action = r->action,
                         .command = bb_cstr(r->command),
                         .host = bb_cstr(r->host),
                         .diagnostic = bb_cstr(r->reply)};
        bb_verdict v = bb_classify(rules, &a, &e);
        bool right = ok(v.kind == r->kind && v.reason == r->reason, "%s/%s: %.100s", bb_kind_word(r->kind),
                        bb_reason_word(r->reason), r->reply);
        if (!right) tap_note("got %s/%s by " BB_FMT, bb_kind_word(v.kind), bb_reason_word(v.reason), BB_ARG(v.rule));
        bb_arena_reset(&a);
    }
    bb_arena_free(&a);
    bb_rules_free(&rules);
    return tap_done();
}
