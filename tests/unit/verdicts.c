/* SPDX-License-Identifier: MIT
 *
 * verdicts: whole messages, and what they say of whom: what a report quotes, doubts, says of the sender or of somebody
 * else removes nobody.
 */
#include "core/classify/classify.h"
#include "tap.h"

static bb_arena arena;
static bb_rules *rules;

/* A row: a message, and "recipient kind reason" of each of its verdicts, "-" for nobody, divided by ", ". */
typedef struct {
    const char *name, *mail, *want;
} row;

static void check(const row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bb_mail m;
        bb_report r;
        bb_mail_read(&arena, bb_dup(&arena, bb_cstr(rows[i].mail)), NULL, &m);
        bb_report_read(&m, NULL, &r);
        bb_buf got = bb_buf_in(&arena, 4096);
        for (size_t k = 0; k < (r.n_rcpts ? r.n_rcpts : 1); k++) {
            bb_verdict v = bb_classify_report(rules, &arena, &r, k);
            bb_str who = r.n_rcpts ? r.rcpts[k].recipient : BB_S("-");
            bb_putf(&got, "%s" BB_FMT " %s %s", k ? ", " : "", BB_ARG(who), bb_kind_word(v.kind),
                    bb_reason_word(v.reason));
        }
        is_str(bb_buf_str(&got), bb_cstr(rows[i].want), "%s", rows[i].name);
        bb_arena_reset(&arena);
    }
}

/* ---- pieces ------------------------------------------------------------------------------------------ */

#define TO         "To: bounce-aafirmaaaaaaaaaaaaaa6x3axaul4ap76@bounces.example.com\n"
#define DAEMON     "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>\n" TO
#define DESK       "Return-Path: <>\nFrom: Help Desk <support@example.net>\n" TO
#define POSTMASTER "Return-Path: <>\nFrom: Postmaster <postmaster@example.net>\n" TO
#define ANSWERS    "Auto-Submitted: auto-replied\n"
#define REPORT                                                      \
    DAEMON ANSWERS "Subject: Undelivered Mail Returned to Sender\n" \
                   "Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\n"
#define FIELDS "\n--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
#define ANN    "Final-Recipient: rfc822; ann@example.net\nAction: failed\n"
#define RETURNED                                                                                                 \
    "\n--B\nContent-Type: message/rfc822\n\nFrom: news@example.com\nReturn-Path: <bounce@bounces.example.com>\n" \
    "To: ann@example.net\nSubject: Old account closed - new prices\n\nHi\n--B--\n"

/* ---- answers that look like reports --------------------------------------------------------------------- */

static void answers(void)
{
    static const row rows[] = {
        {"a help desk has no account for the sender",
         DESK ANSWERS "Subject: Message could not be delivered\n\nYour mail could not be delivered to our help desk, "
                      "because there is no account for your address. Please register.\n",
         "support@example.net autoreply vacation"},
        {"a mailbox that nobody reads",
         DESK ANSWERS "Subject: Re: Newsletter\n\nThis mailbox is not monitored; your message was not delivered to a "
                      "person. The account has been disabled for replies.\n",
         "support@example.net autoreply vacation"},
        {"the same without the mark",
         DESK "Subject: Re: Newsletter\n\nYour message was not delivered to a person. "
              "The account has been disabled for replies.\n",
         "support@example.net autoreply vacation"},
        {"in a postmaster's name",
         POSTMASTER ANSWERS "Subject: Your message was not delivered\n\nThis inbox is no "
                            "longer in use. The address no longer exists as contact.\n",
         "postmaster@example.net autoreply vacation"},
        {"in a postmaster's name, without the mark",
         POSTMASTER "Subject: Your message was not delivered\n\nThe address no longer exists as contact.\n",
         "- other undefined"},
        {"German",
         DESK ANSWERS "Subject: Ihre Nachricht konnte nicht zugestellt werden\n\nIhre Anfrage konnte keinem "
                      "Vorgang zugeordnet werden. Benutzer unbekannt.\n",
         "support@example.net autoreply vacation"},
        {"French", DESK ANSWERS "Subject: Message non remis\n\nVotre demande ne peut aboutir : compte inconnu.\n",
         "support@example.net autoreply vacation"},
        {"the return path, shortened, is nobody's address",
         DESK "Subject: Undeliverable: Newsletter\n\nWe only take tickets from customers; no account found for your "
              "address bounce@bounces.example.com.\n",
         "- other undefined"},
        {"somebody tells of a bounce that he got",
         "Return-Path: <ann@example.net>\nFrom: ann@example.net\n" TO "Subject: Undelivered Mail Returned to Sender\n\n"
         "FYI your message could not be delivered\n\n<ann@example.net>: host mx said: 550 5.1.1 user unknown\n",
         "- other undefined"},
        {"somebody passes on a bounce that he got, parts and all",
         "From: Bob <bob@example.org>\n" TO "Subject: What I got when I wrote to you\n"
         "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nyour message could not be delivered\n" FIELDS ANN
         "Status: 5.1.1\n" RETURNED,
         "- other undefined"},
        {"a real one marks itself the same way", REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"a real one in prose",
         POSTMASTER ANSWERS "Subject: Undelivered Mail\n\nYour message could not be delivered.\n\n<ann@example.net>:\n"
                            "unknown user: \"ann\"\n",
         "ann@example.net hard userunknown"},
    };
    check(rows, BB_COUNT(rows));
}

/* ---- what a report quotes, asks, or says may be ----------------------------------------------------------- */

static void hearsay(void)
{
    static const row rows[] = {
        {"the title of the message",
         DAEMON "Subject: Undeliverable\n\nYour message \"Old account closed - new prices\" to ann@example.net could "
                "not be delivered.\n",
         "ann@example.net block onhold"},
        {"its subject, which came back, too",
         REPORT "Old account closed - new prices could not be delivered to ann@example.net.\n" FIELDS ANN
                "Status: 5.0.0\n" RETURNED,
         "ann@example.net block onhold"},
        {"a field of it",
         DAEMON
         "Subject: Undeliverable\n\nYour message\n\n  Subject: No such user anymore\n  Sent: Mon\n\ncould not be "
         "delivered to the following recipient:\n\n  ann@example.net\n",
         "ann@example.net block onhold"},
        {"beside the address",
         REPORT "<ann@example.net>: delivery failed. Subject: \"This address no longer exists\"\n" FIELDS ANN
                "Status: 5.0.0\n" RETURNED,
         "ann@example.net block onhold"},
        {"possible reasons, against the code",
         REPORT "Delivery failed. Possible reasons: user unknown, or our policy.\n" FIELDS ANN
                "Status: 5.7.1\n" RETURNED,
         "ann@example.net block policyviolation"},
        {"sure words, against the code",
         REPORT "Delivery failed. User unknown.\n" FIELDS ANN "Status: 5.7.1\n" RETURNED,
         "ann@example.net block policyviolation"},
        {"sure words, where the code says nothing",
         REPORT "Delivery failed. User unknown.\n" FIELDS ANN "Status: 5.0.0\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"possible reasons, against a temporary code",
         REPORT "Delivery failed. Possible reason: host not found.\n" FIELDS ANN "Status: 4.7.1\n" RETURNED,
         "ann@example.net block policyviolation"},
        {"sure words, against a temporary code",
         REPORT "Delivery failed. Host not found.\n" FIELDS ANN "Status: 4.3.0\n" RETURNED,
         "ann@example.net soft systemerror"},
        {"what to check, and what may be",
         REPORT "Delivery failed. Please check the address; the account may have been disabled.\n" FIELDS ANN
                "Status: 5.0.0\n" RETURNED,
         "ann@example.net block onhold"},
        {"a question", REPORT "Delivery failed. User unknown?\n" FIELDS ANN "Status: 5.0.0\n" RETURNED,
         "ann@example.net block onhold"},
        {"a list of reasons",
         DAEMON "Subject: Delivery failure\n\nYour message could not be delivered to ann@example.net.\n\nPossible "
                "reasons:\n\n * the address does not exist\n * the domain does not exist\n\nYour mail system\n",
         "ann@example.net block onhold"},
        {"one of two things",
         DAEMON "Subject: Delivery failure\n\nYour message could not be delivered to ann@example.net: the user is "
                "unknown or something else went wrong.\n",
         "ann@example.net block onhold"},
        {"what is denied",
         DAEMON
         "Subject: Undeliverable\n\nYour message to ann@example.net was refused for its content, not because the "
         "mailbox does not exist.\n",
         "ann@example.net block onhold"},
        {"what it does not mean",
         DAEMON "Subject: Unzustellbar\n\nIhre Nachricht an ann@example.net konnte nicht zugestellt werden. Das heißt "
                "nicht, dass der Benutzer unbekannt ist: Benutzer unbekannt.\n",
         "ann@example.net block onhold"},
        {"what it does not mean, in Spanish",
         DAEMON "Subject: No entregado\n\nSu mensaje a ann@example.net no pudo ser entregado. Esto no significa que el "
                "usuario no existe.\n",
         "ann@example.net block onhold"},
        {"what this notice is for",
         DAEMON "Subject: Undeliverable\n\nYour message to ann@example.net could not be delivered. When a mailbox does "
                "not exist you get this notice, and also when our server was busy.\n",
         "ann@example.net block onhold"},
        {"German doubts",
         DAEMON "Subject: Unzustellbar\n\nIhre Nachricht an ann@example.net konnte nicht zugestellt werden. "
                "Möglicherweise ist der Benutzer unbekannt: Benutzer unbekannt.\n",
         "ann@example.net block onhold"},
        {"advice behind the news",
         DAEMON "Subject: Delivery failure\n\nYour message could not be delivered to ann@example.net. The user is "
                "unknown. If you need help, write to the postmaster.\n",
         "ann@example.net hard userunknown"},
        {"advice in the same breath",
         DAEMON "Subject: Delivery failure\n\nYour message could not be delivered to ann@example.net: the user is "
                "unknown; please check the spelling.\n",
         "ann@example.net hard userunknown"},
        {"Gmail's either",
         DAEMON "Subject: Delivery Status Notification (Failure)\n\nYour message wasn't delivered to ann@example.net "
                "because the address couldn't be found, or is unable to receive mail.\n",
         "ann@example.net hard userunknown"},
    };
    check(rows, BB_COUNT(rows));
}

/* ---- of somebody else -------------------------------------------------------------------------------------- */

static void of_others(void)
{
    static const row rows[] = {
        {"the reply names our return path",
         REPORT "sorry\n" FIELDS ANN "Status: 5.0.0\nDiagnostic-Code: smtp; 550-Verification failed for "
                "<bounce@bounces.example.com> 550 No such user here\n" RETURNED,
         "ann@example.net block rejected"},
        {"and so before the recipient was named",
         REPORT
         "<ann@example.net>: host mx.example.net said: 550 5.1.1 User unknown (in reply to MAIL FROM command)\n" FIELDS
             ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n" RETURNED,
         "ann@example.net block rejected"},
        {"it names both",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 mail from <news@example.com> to "
                "<ann@example.net>: User unknown\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"your account",
         DAEMON
         "Subject: Undeliverable\n\nYour message to ann@example.net could not be delivered. Your account does not "
         "exist.\n",
         "ann@example.net block onhold"},
        {"your address",
         DAEMON
         "Subject: Undeliverable\n\nYour message could not be delivered to ann@example.net, because your address "
         "does not exist.\n",
         "ann@example.net block onhold"},
        {"your address, in Italian",
         DAEMON
         "Subject: Mancata consegna\n\nMessaggio a ann@example.net non consegnato: il suo indirizzo non esiste.\n",
         "ann@example.net block rejected"},
        {"your account, in Chinese", DAEMON "Subject: 退信\n\n发给 ann@example.net 的邮件投递失败。您的账号不存在。\n",
         "ann@example.net block rejected"},
        {"your address book is no address of yours",
         DAEMON
         "Subject: Undeliverable\n\nYour message could not be delivered to ann@example.net: no such user, correct "
         "your address book.\n",
         "ann@example.net hard userunknown"},
        {"the report speaks of our return path",
         DAEMON "Subject: Undeliverable\n\nYour message to help@example.net was not delivered, because your sender "
                "address is not registered. No such user: bounce@bounces.example.com\n",
         "help@example.net block onhold"},
        {"and of nothing else",
         DAEMON "Subject: Undeliverable\n\nYour message to help@example.net was not delivered. No such user: "
                "bounce@bounces.example.com\n",
         "help@example.net block onhold"},
        {"the reply names an address elsewhere",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <fwd@third.example>: user "
                "unknown\n" RETURNED,
         "ann@example.net soft userunknown"},
        {"the reply names whom to ask",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown, please write to "
                "<help@third.example>\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"the reply names him by his host",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ann@mail.example.net>: user "
                "unknown\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"prose: a line of running text is no statement about whom it names",
         DAEMON "Subject: Undeliverable\n\nYour message could not be delivered to:\n\n  ann@example.net\n  "
                "bob@example.net\n\nReason for the second one: user unknown, while for ann@example.net\nthe mailbox is "
                "full.\n",
         "ann@example.net soft mailboxfull, bob@example.net soft mailboxfull"},
        {"prose: nor is one that begins in another",
         DAEMON "Subject: Undeliverable\n\nYour message could not be delivered to:\n\n  ann@example.net\n  "
                "bob@example.net\n\nOf these there is no such user, user unknown: bob@example.net\nwhereas "
                "ann@example.net could not be reached in time.\n",
         "ann@example.net block onhold, bob@example.net block onhold"},
        {"prose: a clause behind a comma",
         DAEMON
         "Subject: Undeliverable\n\nCould not deliver to ann@example.net, bob@example.net was reached. 550 5.1.1 "
         "User unknown.\n",
         "ann@example.net hard userunknown"},
        {"prose: who was told of it",
         DAEMON "Subject: Undeliverable\n\nCould not deliver to ann@example.net; bob@example.net (who was told of it) "
                "550 5.1.1 User unknown.\n",
         "ann@example.net hard userunknown"},
        {"prose: forwarding",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. forwarding to "
                "ann@third.example failed: 550 user unknown.\n",
         "ann@example.net soft userunknown"},
        {"prose: a rule that matched",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. Rule 12: subject "
                "'account deleted' rejected.\n",
         "ann@example.net block contenterror"},
        {"prose: a bounce refused",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. Fake bounce "
                "rejected (user unknown).\n",
         "ann@example.net block rejected"},
        {"prose: a look-up in trouble",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. user not found "
                "(LDAP timeout).\n",
         "ann@example.net soft systemerror"},
        {"prose: away",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. vacation: user is "
                "away and no longer reads until Monday.\n",
         "ann@example.net soft systemerror"},
        {"prose: disabled until",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. mailbox disabled "
                "until the owner confirms the terms.\n",
         "ann@example.net soft systemerror"},
        {"prose: who logs in",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. user unknown: "
                "authenticate first.\n",
         "ann@example.net block rejected"},
        {"prose: who sends",
         DAEMON "Subject: Undeliverable\n\nYour message to <ann@example.net> could not be delivered. The sending user "
                "bounce is not listed in the Domino Directory.\n",
         "ann@example.net block rejected"},
        {"a paragraph names one of two",
         DAEMON
         "Subject: Undeliverable\n\nYour message could not be delivered to:\n\nann@example.net\nbob@example.org\n"
         "\n550 5.1.1 bob@example.org user unknown\n",
         "ann@example.net block onhold, bob@example.org hard userunknown"},
        {"a paragraph names nobody of two",
         DAEMON
         "Subject: Undeliverable\n\nYour message could not be delivered to:\n\nann@example.net\nbob@example.org\n"
         "\n550 5.1.1 user unknown\n",
         "ann@example.net block onhold, bob@example.org block onhold"},
        {"a transcript speaks of one of two",
         DAEMON "Subject: Undelivered Mail\n\nThe following addresses failed:\n\n<ann@example.net>\n<bob@example.org>\n"
                "\n>>> RCPT TO:<bob@example.org>\n<<< 550 user unknown\n",
         "ann@example.net block onhold, bob@example.org hard userunknown"},
        {"a field of one row names the other",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 <bob@example.org>: user unknown\n\n"
                "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 4.2.2\n" RETURNED,
         "ann@example.net block onhold, bob@example.org soft mailboxfull"},
        {"two replies in paragraphs of their own: each is his whom it names",
         DAEMON "Subject: Delivery Status Notification (Failure)\n\nDelivery to the following recipients failed "
                "permanently:\n\n  ann@example.net\n  bob@example.org\n\nThe other server returned:\n550 Invalid "
                "recipient <ann@example.net>\n\nThe other server returned:\n552 <bob@example.org>: mailbox full\n",
         "ann@example.net hard userunknown, bob@example.org soft mailboxfull"},
        {"under an address stands only what the message was called",
         DAEMON "Subject: Unzustellbar\n\nIhre Nachricht konnte nicht zugestellt werden.\n\nEmpfänger: "
                "ann@example.net\nBetreff: Account closed\n\nGrund: Das Postfach ist voll.\n",
         "ann@example.net soft mailboxfull"},
        {"a session told in the words of Apache James",
         DAEMON "Subject: [BOUNCE]\n\nMessage details:\n  Subject: News\n  MAIL FROM: news@example.com\n  RCPT TO: "
                "ann@example.net\n\nError message below:\n550 Requested action not taken: no such user here\n",
         "ann@example.net hard userunknown"},
        {"your message, in Hebrew, is not your address",
         DAEMON "Subject: Undeliverable\n\nההודעה שלך לא נמסרה לנמען:\n\nann@example.net\n\nהסיבה: המשתמש אינו קיים.\n",
         "ann@example.net hard userunknown"},
        {"Exchange in Chinese",
         DAEMON
         "Subject: "
         "=?utf-8?B?5peg5rOV6YCB6L6+?=\n\n未能传递到以下收件人或组:\n\nann@example.net\n找不到您输入的电子邮件地址。\n",
         "ann@example.net hard userunknown"},
        {"what follows from the refusal of one is nothing about the next",
         DAEMON
         "Subject: Returned mail: see transcript for details\n\n   ----- The following addresses had permanent fatal "
         "errors -----\n<ann@example.net>\n<bob@example.org>\n\n   ----- Transcript of session follows -----\n... "
         "while "
         "talking to mx.example.net.:\n>>> DATA\n<<< 550 5.1.1 <ann@example.net>... User unknown\n550 5.1.1 "
         "<ann@example.net>... User unknown\n<<< 503 5.0.0 Need RCPT (recipient)\n<bob@example.org>... Deferred: "
         "Connection timed out with mx.example.org.\n",
         "ann@example.net hard userunknown, bob@example.org soft expired"},
        {"what may be, in Dutch, and what a help page explains",
         DAEMON "Subject: Undeliverable\n\nNot delivered:\n\nann@example.net\n\nHet kan zijn dat de gebruiker niet "
                "bestaat.\nFor an explanation of terms like \"user unknown\" see our help page.\n",
         "ann@example.net block onhold"},
        {"stars before an address",
         DAEMON "Subject: Delivery failed\n\nYour message has failed delivery. The following error report or reports "
                "explain it:\n\n   *** ann@example.net\n   10061: connection refused by example.net\n",
         "ann@example.net soft networkerror"},
        {"\"neither this or that\" leaves nothing open",
         DAEMON "Subject: Unzustellbar\n\nNicht zugestellt:\n\tann@example.net\n\nProtokoll:\n\tHost unbekannt: "
                "example.net (kein MX- oder A-Eintrag gefunden)\n",
         "ann@example.net hard hostunknown"},
        {"where nobody has words, the remark behind a status has",
         REPORT "sorry\n" FIELDS ANN
                "Status: 4.0.0 (example.net: host name lookup failure)\n\nFinal-Recipient: rfc822; "
                "bob@example.org\nAction: failed\nStatus: 5.0.0 (recipient reached disk quota)\n" RETURNED,
         "ann@example.net soft networkerror, bob@example.org soft mailboxfull"},
        {"but not the name of its class before what the report says",
         REPORT "The mailbox of the recipient is full.\n" FIELDS ANN "Status: 5.0.0 (permanent failure)\n" RETURNED,
         "ann@example.net soft mailboxfull"},
        {"nor a remark before what is said under his address",
         REPORT "<ann@example.net>: over quota\n" FIELDS ANN "Status: 5.0.0 (unknown user)\n" RETURNED,
         "ann@example.net soft mailboxfull"},
        {"one original address went on to two",
         REPORT "sorry\n" FIELDS
                "Original-Recipient: rfc822; ann@example.net\nFinal-Recipient: rfc822; a1@example.org\n"
                "Action: delivered\nStatus: 2.0.0\n\nOriginal-Recipient: rfc822; ann@example.net\nFinal-Recipient: "
                "rfc822; a2@example.org\nAction: failed\nStatus: 5.1.1\n" RETURNED,
         "ann@example.net delivered delivered, ann@example.net hard userunknown"},
    };
    check(rows, BB_COUNT(rows));
}

/* ---- still being tried, or no longer -------------------------------------------------------------------------- */

static void delays(void)
{
    static const row rows[] = {
        {"German",
         DAEMON "Subject: Warnung: Zustellung verzoegert\n\nIhre Nachricht konnte noch nicht zugestellt "
                "werden:\n\n<ann@example.net>: Host not found\n\nEs wird weiter versucht.\n",
         "ann@example.net delayed hostunknown"},
        {"Spanish",
         DAEMON
         "Subject: Aviso\n\nSu mensaje a <ann@example.net> todavía no ha sido entregado: usuario desconocido. Se "
         "reintentará.\n",
         "ann@example.net delayed userunknown"},
        {"French",
         DAEMON "Subject: Undeliverable\n\nVotre message à <ann@example.net> est en attente : utilisateur inconnu. "
                "Nous réessaierons.\n",
         "ann@example.net delayed userunknown"},
        {"Italian",
         DAEMON "Subject: Undeliverable\n\nIl messaggio per <ann@example.net> è in attesa: utente sconosciuto. Il "
                "server riproverà.\n",
         "ann@example.net delayed userunknown"},
        {"still queued",
         DAEMON "Subject: Undeliverable\n\nMessage to <ann@example.net> is still queued: host not found.\n",
         "ann@example.net delayed hostunknown"},
        {"not yet, and then no more",
         DAEMON "Subject: Undeliverable\n\nDelivery to <ann@example.net> has been delayed and has now failed: user "
                "unknown. No further attempts will be made.\n",
         "ann@example.net hard userunknown"},
        {"it failed this time",
         DAEMON "Subject: still trying\n\nDelivery to <ann@example.net> failed this time: host not found. Do not "
                "resend.\n",
         "ann@example.net delayed hostunknown"},
        {"qmail: the host did not want us",
         DAEMON
         "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't "
         "able to deliver your message to the following addresses.\n\n<ann@example.net>:\nConnected to 192.0.2.5 "
         "but greeting failed.\nRemote host said: 550 unknown host\n",
         "ann@example.net block blocked"},
        {"qmail",
         DAEMON "Subject: failure notice\n\nHi. This is the qmail-send program at mx.example.net.\nI have not "
                "yet been able to deliver your message. I'll keep trying.\n\n<ann@example.net>:\nSorry, I "
                "couldn't find any host named example.net. (#4.1.2)\n",
         "ann@example.net delayed hostunknown"},
        {"first delayed, then failed: the failure, with all that it says",
         REPORT "sorry\n" FIELDS "Final-Recipient: rfc822; ann@example.net\nAction: delayed\nStatus: 4.2.2\n"
                "Diagnostic-Code: smtp; 452 mailbox full\n\n" ANN
                "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"first failed, then delayed: the same",
         REPORT "sorry\n" FIELDS ANN "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"
                "Final-Recipient: rfc822; ann@example.net\nAction: delayed\nStatus: 4.2.2\n" RETURNED,
         "ann@example.net hard userunknown"},
        {"fields labelled as base64 and written plainly",
         REPORT "sorry\n\n--B\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
                "Reporting-MTA: dns; mx.example.com\n\n" ANN "Status: 5.1.1\n" RETURNED,
         "ann@example.net hard userunknown"},
    };
    check(rows, BB_COUNT(rows));
}

/* ---- complaints ------------------------------------------------------------------------------------------------ */

#define ARF(type, to, more)                                                                                  \
    "From: fbl@example.net\n" TO "Subject: FW: News\n"                                                       \
    "Content-Type: multipart/report; report-type=feedback-report; boundary=B\n\n--B\n\nA complaint\n\n--B\n" \
    "Content-Type: message/feedback-report\n\nFeedback-Type: " type "\nVersion: 1\n" more                    \
    "\n--B\nContent-Type: message/rfc822\n\nFrom: news@example.com\nTo: " to "\nSubject: News\n\nx\n--B--\n"

static void complaints(void)
{
    static const row rows[] = {
        {"abuse", ARF("abuse", "ann@example.net", ""), "ann@example.net complaint feedback"},
        {"fraud", ARF("Fraud", "ann@example.net", ""), "ann@example.net complaint feedback"},
        {"opt-out", ARF("opt-out", "ann@example.net", ""), "ann@example.net complaint feedback"},
        {"not spam", ARF("not-spam", "ann@example.net", ""), "ann@example.net other feedback"},
        {"not spam, spelled otherwise", ARF("Not_Spam (user)", "ann@example.net", ""),
         "ann@example.net other feedback"},
        {"a virus", ARF("virus", "ann@example.net", ""), "ann@example.net other feedback"},
        {"a machine's own type", ARF("x-probe", "ann@example.net", ""), "ann@example.net other feedback"},
        {"a signature", ARF("authfailure", "ann@example.net", ""), "ann@example.net complaint authfailure"},
        {"To is who sent it", ARF("abuse", "News <news@example.com>", ""), "- complaint feedback"},
        {"the complaint names him", ARF("abuse", "news@example.com", "Original-Rcpt-To: ann@example.net\n"),
         "ann@example.net complaint feedback"},
    };
    check(rows, BB_COUNT(rows));
}

int main(void)
{
    bb_err err = {0};
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    rules = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!ok(rules != NULL, "built-in rules compile %s", err.text)) return tap_done();
    answers();
    hearsay();
    of_others();
    delays();
    complaints();
    bb_rules_free(&rules);
    bb_arena_free(&arena);
    return tap_done();
}
