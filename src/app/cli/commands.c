/* SPDX-License-Identifier: MIT
 *
 * The one table of commands. Help, usage, suggestions and docs/commands.md follow it; commands of one first word stand
 * together.
 */
#include "app/cli/cli.h"

/* ---- options --------------------------------------------------------------------------------------------- */

#define LIST_OF(what)               \
    {                               \
        "list", "NAME", what, false \
    }
#define DRY_RUN                                                      \
    {                                                                \
        "dry-run", NULL, "change nothing, show what would be", false \
    }
#define RULES                                                                            \
    {                                                                                    \
        "rules", "FILE", "rules of your own, which come before the built-in ones", false \
    }
#define REHEARSED_RULES(how)                                                             \
    {                                                                                    \
        "rules", "FILE", how ", rules of your own instead of the configured ones", false \
    }
#define OF_SERVERS                                                                                               \
    {"password-file", "FILE", "the password of mailboxes on servers; FILE is for you alone (mode 0600)", false}, \
        {"token-file", "FILE", "an OAuth 2.0 token instead of a password", false},                               \
        {"ca", "FILE", "certificates in PEM to trust besides those of the system", false},                       \
    {                                                                                                            \
        "no-tls", NULL, "send the password readable where a server offers no TLS", false                         \
    }
#define END_OF_OPTIONS          \
    {                           \
        NULL, NULL, NULL, false \
    }

const cli_option cli_common_options[] = {
    {"home", "DIR", "folder of configuration, database and keys; else BOUNCEBOX_HOME", false},
    {"now", "TIME", "take this for the present: 2026-11-23 or 2026-11-23T15:44:00Z", false},
    {"json", NULL, "answer for a machine", false},
    {"help", NULL, "say what the command does, with examples", false},
    {"version", NULL, "say which version this is", false},
    END_OF_OPTIONS,
};

static const cli_option help_options[] = {
    {"completion", "SHELL", "print completion for bash or zsh instead", false},
    END_OF_OPTIONS,
};
static const cli_option ingest_options[] = {
    LIST_OF("reports that no return path attributes are about this list"),
    {"follow", NULL, "go on as mail comes, until SIGTERM or ^C", false},
    {"every", "TIME", "how often --follow looks by itself; else 30s, servers 60s", false},
    {"done", "WHAT", "what becomes of mail that is stored: keep (it stays as it is), seen, move or delete", false},
    {"into", "DIR", "where --done move puts it: a folder, on a server a mailbox", false},
    OF_SERVERS,
    DRY_RUN,
    REHEARSED_RULES("with --dry-run"),
    END_OF_OPTIONS,
};
static const cli_option deliver_options[] = {
    {"original", "ADDRESS", "the recipient before Postfix rewrote it: ${original_recipient}", false},
    LIST_OF("reports that no return path attributes are about this list"),
    END_OF_OPTIONS,
};
static const cli_option serve_options[] = {
    {"listen", "SOCKET", "unix:PATH or inet:HOST:PORT, instead of what the configuration says", true},
    LIST_OF("reports that no return path attributes are about this list"),
    END_OF_OPTIONS,
};
#define CONFIG_DIR                                                                                        \
    {                                                                                                     \
        "config-dir", "DIR", "folder of Postfix's main.cf and master.cf; else where postconf says", false \
    }
static const cli_option postfix_setup_options[] = {
    {"mode", "MODE", "lmtp, mailbox, plus, canonical, virtual or pipe; else the one that is set up, or lmtp", false},
    {"mailbox", "NAME", "mailbox, plus, canonical: whose mailbox it is, or an address; else bouncebox", false},
    {"maildir", "DIR", "virtual: the Maildir; else bouncebox below virtual_mailbox_base", false},
    {"deliver", "FILE", "pipe: the program that pipe(8) runs; else bouncebox-deliver as it is installed", false},
    {"policy", "SOCKET", "where Postfix asks the policy service, or none; else as the configuration says", false},
    CONFIG_DIR,
    DRY_RUN,
    END_OF_OPTIONS,
};
static const cli_option postfix_undo_options[] = {
    CONFIG_DIR,
    DRY_RUN,
    END_OF_OPTIONS,
};
static const cli_option postfix_check_options[] = {
    CONFIG_DIR,
    {"no-probe", NULL, "only look: send nothing", false},
    {"to", "ADDRESS", "send the probe to this one, who must be refused; else to nobody on this machine", false},
    {"timeout", "TIME", "wait so long for the probe's bounce; else 60s", false},
    {"from", "DOMAIN", "what your mailings have in From: does the bounce domain belong to it? else a guess", true},
    {"resolver", "ADDRESS", "ask this one, ADDRESS or ADDRESS:PORT; else those of the system", false},
    {"script", "FILE", "a program, template or message that you send with: is there an envelope sender?", true},
    {"php", "DIR", "folder of PHP's configuration; else /etc/php", false},
    {"amavis", "FILE", "a file of amavis' configuration, in their order; else where Debian has them", true},
    END_OF_OPTIONS,
};
static const cli_option parse_options[] = {
    {"format", "FORMAT", "json (one object a recipient), text (for people), sisimai (with its keys)", false},
    OF_SERVERS,
    RULES,
    END_OF_OPTIONS,
};
static const cli_option list_add_options[] = {
    {"set", "NAME=VALUE", "a parameter of its own; \"bouncebox config sample\" has them all", true},
    END_OF_OPTIONS,
};
static const cli_option import_options[] = {
    LIST_OF("the list they come on"),
    {"since", "TIME", "on the list since, for rows without a date", false},
    {"contact", NULL, "they are tracked for bounces, not subscribed", false},
    {"resubscribe", NULL, "who is there already subscribes again: what was before counts no more", false},
    DRY_RUN,
    END_OF_OPTIONS,
};
static const cli_option export_options[] = {
    LIST_OF("this list only"),
    {"status", "STATUS", "only those who are active, quarantined, bounced, complained or unsubscribed", true},
    {"changed-since", "TIME", "only who was added or is otherwise since then", false},
    END_OF_OPTIONS,
};
static const cli_option subscriber_add_options[] = {
    LIST_OF("the list they come on"),
    {"external-id", "ID", "your own id of him", false},
    {"since", "TIME", "on the list since; else now", false},
    {"contact", NULL, "he is tracked for bounces, not subscribed", false},
    {"resubscribe", NULL, "who is there already subscribes again: what was before counts no more", false},
    END_OF_OPTIONS,
};
static const cli_option subscriber_show_options[] = {
    LIST_OF("on this list only"),
    END_OF_OPTIONS,
};
static const cli_option subscriber_set_options[] = {
    LIST_OF("on this list only"),
    {"status", "STATUS", "active, quarantined, bounced, complained or unsubscribed", false},
    {"until", "TIME", "end of a quarantine; else it has none", false},
    {"address", "ADDRESS", "his new address: what was said of the old one counts no more", false},
    {"note", "TEXT", "why, for those who ask later", false},
    {"at", "TIME", "when it happened; else now", false},
    END_OF_OPTIONS,
};
static const cli_option mailing_add_options[] = {
    LIST_OF("the list that it goes to"),
    {"sent", "TIME", "when it is sent; else now", false},
    END_OF_OPTIONS,
};
static const cli_option mailing_show_options[] = {
    LIST_OF("of this list only"),
    END_OF_OPTIONS,
};
static const cli_option mailing_sent_options[] = {
    LIST_OF("the mailing's list, where its name stands on several"),
    {"all", NULL, "it went to everybody who may be sent to", false},
    {"at", "TIME", "when it went to these, where that was not the mailing's own time", false},
    END_OF_OPTIONS,
};
static const cli_option encode_options[] = {
    LIST_OF("the list they are on"),
    {"mailing", "MAILING", "name or number of the mailing that the return paths are for", false},
    {"all", NULL, "everybody who may be sent to", false},
    {"form", "FORM", "signed, plain, verp, signed-verp, mailing, unsubscribe or envid; else as the list says", false},
    END_OF_OPTIONS,
};
static const cli_option decode_options[] = {
    {"at", "TIME", "judge expiry at this time; else now", false},
    END_OF_OPTIONS,
};
static const cli_option explain_options[] = {
    LIST_OF("on this list only"),
    {"raw", "REPORT", "print the raw message of this report instead", false},
    END_OF_OPTIONS,
};
static const cli_option report_options[] = {
    LIST_OF("this list only"),
    {"since", "TIME", "what happened from then on", false},
    {"until", "TIME", "what happened before then", false},
    {"unread", NULL, "list what no format could read instead", false},
    {"top", "N", "so many rows of each table; else 10", false},
    END_OF_OPTIONS,
};
static const cli_option reclassify_options[] = {
    {"apply", NULL, "do it; else only what would be is shown", false},
    REHEARSED_RULES("without --apply"),
    {"unread", NULL, "only what no format could read", false},
    LIST_OF("only reports about this list"),
    {"since", "TIME", "only what happened from then on", false},
    {"until", "TIME", "only what happened before then", false},
    END_OF_OPTIONS,
};
static const cli_option rules_options[] = {
    RULES,
    END_OF_OPTIONS,
};
static const cli_option rules_test_options[] = {
    RULES,
    {"stage", "STAGE", "what was answered: CONN EHLO AUTH MAIL RCPT DATA", false},
    {"host", "NAME", "who answered", false},
    END_OF_OPTIONS,
};
static const cli_option key_list_options[] = {
    {"show-secret", NULL, "show the secrets too: whoever has one can forge", false},
    END_OF_OPTIONS,
};
static const cli_option config_show_options[] = {
    LIST_OF("of this list only"),
    END_OF_OPTIONS,
};

/* ---- texts ------------------------------------------------------------------------------------------------- */

static const char ingest_text[] =
    "A PATH is an mbox, a Maildir, a folder, a single message, or - for standard input. Every message is read,\n"
    "recorded and judged once: giving it again changes nothing. What was stored stays when the run is broken off;\n"
    "run it again to go on. A message that cannot be read costs only itself, and the exit code says so.\n"
    "\n"
    "With --follow it stays, and reads what comes: a mailbox that grows, new files of a Maildir or folder. How far it\n"
    "came is kept in the database. --done seen marks the messages of a Maildir, move and delete take files away and\n"
    "delete empties an mbox (locked as Postfix does), each only after what they held is stored durably.\n"
    "\n"
    "A PATH may be a mailbox on a server: imaps://USER@HOST/MAILBOX, pop3s://USER@HOST (imap and pop3 want STARTTLS).\n"
    "What was read there is not read again; with --done move or delete it goes when it is stored. The password is "
    "that\n"
    "of --password-file, else BOUNCEBOX_PASSWORD, else the line \"machine HOST login USER password WORD\" of the file "
    "netrc\n"
    "in the home.\n";
static const char ingest_examples[] = "  bouncebox ingest /var/mail/bounces\n"
                                      "  bouncebox ingest --dry-run ~/Maildir\n"
                                      "  bouncebox ingest --follow --done seen /var/mail/vhosts/bounces\n"
                                      "  bouncebox ingest --list news - < bounce.eml\n"
                                      "  bouncebox ingest --done delete imaps://bounces@mail.example.com/INBOX\n";
static const char postfix_setup_text[] =
    "Writes into main.cf and master.cf what it takes that what comes back to the return paths of the lists reaches\n"
    "bouncebox: bounce_domain of each list, and return_path_base of those that send VERP. Call it again when they\n"
    "change. What is there stays, byte for byte: our tables stand at the head of lists, and the rest in one marked "
    "block\n"
    "at the end. Postfix checks it, and reads it where it runs; what it refuses is taken back. It asks nothing.\n"
    "\n"
    "lmtp hands bounces to \"bouncebox serve\"; pipe to \"bouncebox deliver\"; virtual puts them into a Maildir; "
    "mailbox,\n"
    "plus and canonical into the mailbox of a user, where \"bouncebox ingest --follow\" reads them. Each works on a "
    "domain\n"
    "of its own and on one that holds people's mailboxes. One mode at a time: another takes its place.\n";
static const char postfix_undo_text[] =
    "The configuration is as it was before setup, byte for byte; what others changed since then stays. Where somebody\n"
    "edited what setup wrote, that is shown, and nothing is done.\n";
static const char serve_text[] =
    "It stays in the foreground and says on standard error what it does, a line a message. A message is answered with\n"
    "250 once it is stored durably, and with 451 (try again) where it cannot be stored now; none is ever refused for\n"
    "good.\n"
    "\n"
    "Where [serve] has a socket for it (policy), it answers Postfix's check_policy_service, too: return paths that\n"
    "are forged or expired are refused at RCPT, and so is mail to addresses that bounced, for the senders and\n"
    "networks that are configured. Everything else passes, and everything passes where something of ours fails.\n"
    "\n"
    "The section [serve] of the configuration says where it listens, and its limits. Other commands may write while "
    "it\n"
    "runs. Started by root, it opens its sockets and becomes the owner of the home.\n"
    "\n"
    "SIGTERM and SIGINT end it when what clients are sending is answered, after 20 seconds at most. SIGHUP makes it\n"
    "read configuration and rules again; sockets stay, and what is wrong changes nothing. SIGUSR2 makes it become the\n"
    "program that now lies in its place, with the same sockets: an upgrade that refuses nobody.\n";
static const char postfix_check_text[] =
    "Looks at everything between a bounce and bouncebox, and says of each fault what follows from it and how it is\n"
    "mended; it changes nothing. Then a message is sent for each form of return path that your lists have, to "
    "somebody\n"
    "on this machine who is not there, and its bounce is waited for: in the database and in the mailbox. Run as root "
    "it\n"
    "sees what Postfix's own users see; it acts as the owner of the home where it reads that. docs/postfix-check.md\n"
    "lists the checks.\n"
    "\n"
    "Exit code 0: no fault (warnings and notes are none). 78: there are faults, or a probe's bounce did not come "
    "home.\n";
static const char deliver_text[] =
    "One message on standard input, for Postfix's pipe(8): RECIPIENT is what the envelope says. Exit code 0 once it "
    "is\n"
    "stored durably, 75 (try again) for everything else. In master.cf use bouncebox-deliver, which runs this and "
    "answers\n"
    "75 even where this program is missing, killed or hangs: Postfix throws mail away on most other codes.\n";
static const char parse_text[] =
    "A PATH is an mbox, a Maildir, a folder, a single message, or - for standard input (also without any PATH).\n"
    "It needs no home and no database, and changes nothing. Mailboxes on servers are read, too: "
    "imaps://USER@HOST/MAILBOX\n"
    "with --password-file, as \"bouncebox help ingest\" tells.\n"
    "\n"
    "With --format sisimai, programs that read what Sisimai 5 prints can go on: one object a line with its field\n"
    "names, only for reports. The values are ours: smtpagent is the format that was read, lhost and rhost are hosts\n"
    "that the report names, timestamp is UTC, hardbounce is 1 where the kind is hard, and token is no SHA-1.\n";
static const char parse_examples[] = "  bouncebox parse bounces.mbox | head -n 1\n"
                                     "  bouncebox parse --format text bounce.eml\n"
                                     "  bouncebox parse --rules my.rules ~/Maildir\n"
                                     "  bouncebox parse --format sisimai ~/Maildir | jq -r .reason | sort | uniq -c\n";
static const char list_add_text[] =
    "Return paths need a domain: --set bounce_domain=bounces.example.com. Parameters that are given stand in a "
    "section\n"
    "[list NAME] of the configuration; what is not given holds as [policy] and the defaults say.\n";
static const char import_text[] =
    "FILE is a CSV with a header, or - for standard input. Columns: email (or address), and where you have them id\n"
    "(your own id), date (on the list since), status and until. Who is there already stays as he is, whatever status "
    "the\n"
    "file says; who is new comes in with it.\n";
static const char export_text[] =
    "With --changed-since a table of your own can follow: who was added since then, whose address, external id or\n"
    "status changed, and whose quarantine ended by itself. It goes by when that was recorded. Let the times overlap\n"
    "by an hour, since what is being written just now has an earlier time: what comes again changes nothing.\n";
static const char subscriber_set_text[] =
    "A setting by hand holds over what rules made of him: what was before it counts no more. He is named by his\n"
    "address or by our id, written #123.\n";
static const char mailing_text[] =
    "A mailing is named by its name or by its number, which return paths carry; #12 is always a number.\n";
static const char mailing_sent_text[] =
    "Who a mailing went to says who was mailed when, for mailings that other software sends. Subscribers are named by\n"
    "address or by our id (#123); - reads them from standard input, one a line.\n"
    "A mailing is named by its name or by its number; #12 is always a number.\n";
static const char encode_text[] =
    "Prints a line each: the subscriber's external id (- where he has none), his address, his return path. --all "
    "leaves\n"
    "out contacts and whoever is quarantined, bounced, complained or unsubscribed at that time.\n";
static const char decode_text[] =
    "Says what a return path claims and whether that holds: exit code 0 where each can be believed as far as its form\n"
    "goes, 65 where one is none of ours, or forged, or expired.\n";
static const char explain_text[] =
    "Shows every fact about the subscriber in order of time, what each did to him and by which rule.\n";
static const char reclassify_text[] = "After rules grew, or a subscriber was added whom older reports are about. Needs "
                                      "the raw messages (keep_evidence).\n"
                                      "A new reading is put behind the old ones, which stay; statuses follow.\n";
static const char rules_text[] =
    "Rules of your own are those of --rules, else of the configuration; they come before the program's.\n";
static const char rules_check_text[] =
    "Rules of your own are those of FILE, else of the configuration; they come before the program's.\n";
static const char backup_text[] = "The copy is of one moment, while others read and write, and is whole or not there. "
                                  "It holds the keys: keep it where\n"
                                  "nobody else reads.\n";
static const char restore_text[] = "Nothing is overwritten: what is at the home already must be moved away first.\n";
static const char check_text[] = "Reads all of the database, and judges every subscriber's facts again. Exit code 65 "
                                 "where something is not sound.\n";
static const char key_text[] =
    "The newest key signs; the others still verify what they signed, so that mail in flight loses nothing.\n";

static const char config_list_text[] =
    "Every parameter with its default, what it is for, its type, its range and how its values are written. With\n"
    "--json, min and max are seconds for times and octets for text, and null where neither is meant.\n";

/* ---- the table ------------------------------------------------------------------------------------------------ */

const cli_command cli_commands[] = {
    {"help", cmd_help, CLI_NOTHING, 0, 2, "[COMMAND]", "Says what there is, or what a command does", help_options, NULL,
     "  bouncebox help\n  bouncebox help list add\n  source <(bouncebox help --completion bash)\n"},
    {"init", cmd_init, CLI_NOTHING, 0, 0, "", "Makes a home: configuration, database, key; what is there stays", NULL,
     NULL, "  bouncebox init --home ~/box\n  sudo bouncebox init\n"},
    {"parse", cmd_parse, CLI_NOTHING, 0, -1, "[PATH...]", "Says what messages report, one record a recipient",
     parse_options, parse_text, parse_examples},
    {"ingest", cmd_ingest, CLI_HOME, 0, -1, "[PATH...]", "Reads mail, records what it reports, and decides",
     ingest_options, ingest_text, ingest_examples},
    {"deliver", cmd_deliver, CLI_HOME_FOR_POSTFIX, 0, 1, "[RECIPIENT]", "Takes one message from Postfix's pipe(8)",
     deliver_options, deliver_text,
     "  bouncebox deliver bounce-aa5isyaaaaagaab23zukzseqiq44pvmfl@bounces.example.com < bounce.eml\n"},
    {"serve", cmd_serve, CLI_NOTHING, 0, 0, "", "Takes mail from Postfix by LMTP and answers it at RCPT, as a daemon",
     serve_options, serve_text,
     "  bouncebox serve\n"
     "  bouncebox serve --listen inet:127.0.0.1:2424 --listen 'inet:[::1]:2424'\n"
     "  bouncebox serve --json 2>> /var/log/bouncebox.log\n"},
    {"postfix setup", cmd_postfix_setup, CLI_NOTHING, 0, 0, "", "Has Postfix hand over what comes back",
     postfix_setup_options, postfix_setup_text,
     "  bouncebox postfix setup --dry-run\n"
     "  sudo bouncebox postfix setup\n"
     "  sudo bouncebox postfix setup --mode mailbox\n"},
    {"postfix check", cmd_postfix_check, CLI_NOTHING, 0, 0, "", "Says whether Postfix hands over what comes back",
     postfix_check_options, postfix_check_text,
     "  sudo bouncebox postfix check\n"
     "  sudo bouncebox postfix check --from example.com --script newsletter.php\n"
     "  bouncebox postfix check --no-probe --json\n"},
    {"postfix undo", cmd_postfix_undo, CLI_NOTHING, 0, 0, "", "Takes back what setup wrote", postfix_undo_options,
     postfix_undo_text, "  bouncebox postfix undo --dry-run\n  sudo bouncebox postfix undo\n"},
    {"list add", cmd_list_add, CLI_STORE_WRITE, 1, 1, "NAME", "Adds a list", list_add_options, list_add_text,
     "  bouncebox list add news --set bounce_domain=bounces.example.com\n"
     "  bouncebox list add weekly --set return_path=verp --set soft_limit=5\n"},
    {"list show", cmd_list_show, CLI_STORE_READ, 0, 1, "[NAME]", "Shows the lists, or one with its settings", NULL,
     NULL, "  bouncebox list show\n  bouncebox list show news --json\n"},
    {"subscriber import", cmd_subscriber_import, CLI_STORE_WRITE, 0, -1, "[FILE...]", "Takes subscribers in from CSV",
     import_options, import_text,
     "  bouncebox subscriber import --list news subscribers.csv\n"
     "  mysql -B -e 'select id, email from users' | bouncebox subscriber import --list news -\n"},
    {"subscriber export", cmd_subscriber_export, CLI_STORE_READ, 0, 0, "",
     "Writes subscribers with their status as CSV", export_options, export_text,
     "  bouncebox subscriber export --list news > all.csv\n"
     "  bouncebox subscriber export --list news --changed-since 2026-11-23T15:00:00Z\n"
     "  bouncebox subscriber export --list news --status bounced --status complained\n"},
    {"subscriber add", cmd_subscriber_add, CLI_STORE_WRITE, 1, -1, "ADDRESS...", "Adds subscribers to a list",
     subscriber_add_options, NULL,
     "  bouncebox subscriber add --list news user@example.net\n"
     "  bouncebox subscriber add --list news --external-id 4711 user@example.net\n"},
    {"subscriber show", cmd_subscriber_show, CLI_STORE_READ, 1, -1, "ADDRESS|#ID...", "Shows how subscribers stand",
     subscriber_show_options, NULL, "  bouncebox subscriber show user@example.net\n"},
    {"subscriber set", cmd_subscriber_set, CLI_STORE_WRITE, 1, 1, "ADDRESS|#ID", "Sets a status or an address by hand",
     subscriber_set_options, subscriber_set_text,
     "  bouncebox subscriber set --status active --note 'he called' user@example.net\n"
     "  bouncebox subscriber set --address new@example.net old@example.net\n"},
    {"mailing add", cmd_mailing_add, CLI_STORE_WRITE, 1, 1, "NAME", "Adds a mailing, whose number return paths carry",
     mailing_add_options, mailing_text,
     "  bouncebox mailing add --list news 'issue 12'\n"
     "  bouncebox mailing add --list news 'issue 12' --sent 2026-10-26T09:00:00Z\n"},
    {"mailing show", cmd_mailing_show, CLI_STORE_READ, 0, 1, "[MAILING]", "Shows the mailings", mailing_show_options,
     mailing_text, "  bouncebox mailing show --list news\n"},
    {"mailing sent", cmd_mailing_sent, CLI_STORE_WRITE, 1, -1, "MAILING [ADDRESS|#ID|-...]",
     "Records to whom a mailing went", mailing_sent_options, mailing_sent_text,
     "  bouncebox mailing sent 'issue 12' --all\n"
     "  bouncebox mailing sent 12 --list news - < sent-to.txt\n"},
    {"verp encode", cmd_verp_encode, CLI_STORE_READ, 0, -1, "[ADDRESS|#ID...]", "Writes return paths", encode_options,
     encode_text,
     "  bouncebox verp encode --list news --mailing 'issue 12' --all\n"
     "  bouncebox verp encode --list news --mailing 12 user@example.net\n"},
    {"verp decode", cmd_verp_decode, CLI_STORE_READ, 1, -1, "RETURN-PATH...", "Reads return paths and verifies them",
     decode_options, decode_text,
     "  bouncebox verp decode bounce-aa5isyaaaaagaab23zukzseqiq44pvmfl@bounces.example.com\n"},
    {"explain", cmd_explain, CLI_STORE_READ, 0, -1, "[ADDRESS|#ID...]", "Says why somebody has the status that he has",
     explain_options, explain_text,
     "  bouncebox explain user@example.net\n"
     "  bouncebox explain --list news '#12'\n"},
    {"report", cmd_report, CLI_STORE_READ, 0, 0, "", "Says how we are doing: kinds, reasons, domains, statuses",
     report_options, NULL,
     "  bouncebox report\n"
     "  bouncebox report --unread\n"
     "  bouncebox report --list news --since 2026-11-01\n"},
    {"reclassify", cmd_reclassify, CLI_STORE_WRITE, 0, 0, "", "Reads stored reports again with the rules of today",
     reclassify_options, reclassify_text,
     "  bouncebox reclassify\n  bouncebox reclassify --rules my.rules\n  bouncebox reclassify --unread --apply\n"},
    {"rules list", cmd_rules_list, CLI_NOTHING, 0, 0, "", "Shows the classification rules, your own first",
     rules_options, rules_text, "  bouncebox rules list --json\n"},
    {"rules check", cmd_rules_check, CLI_NOTHING, 0, 1, "[FILE]",
     "Says whether rules are right: each sample fires its own", NULL, rules_check_text,
     "  bouncebox rules check my.rules\n"},
    {"rules test", cmd_rules_test, CLI_NOTHING, 1, 1, "REPLY",
     "Says what the rules make of a reply, and why not what others would", rules_test_options, rules_text,
     "  bouncebox rules test '550 5.7.1 Message rejected as spam'\n"
     "  bouncebox rules test --stage MAIL '550 unknown user'\n"},
    {"backup", cmd_backup, CLI_STORE_READ, 1, 1, "FOLDER", "Copies database, keys and configuration into a new folder",
     NULL, backup_text, "  bouncebox backup /var/backups/bouncebox-2026-11-24\n"},
    {"restore", cmd_restore, CLI_NOTHING, 1, 1, "FOLDER", "Makes a home of what backup copied", NULL, restore_text,
     "  bouncebox restore /var/backups/bouncebox-2026-11-24\n  bouncebox restore --home ~/try backup\n"},
    {"store check", cmd_store_check, CLI_STORE_READ, 0, 0, "", "Says whether what is stored is sound", NULL, check_text,
     "  bouncebox store check\n"},
    {"key list", cmd_key_list, CLI_HOME, 0, 0, "", "Shows the keys that sign return paths", key_list_options, key_text,
     "  bouncebox key list\n"},
    {"key add", cmd_key_add, CLI_HOME, 0, 0, "", "Makes a new key, which signs from now on", NULL, key_text,
     "  bouncebox key add\n"},
    {"key retire", cmd_key_retire, CLI_HOME, 1, 1, "ID", "Believes no more what a key signed", NULL, key_text,
     "  bouncebox key retire 1\n"},
    {"config check", cmd_config_check, CLI_STORE_READ, 0, 0, "", "Says what is wrong or unwise in the configuration",
     NULL, NULL, "  bouncebox config check\n"},
    {"config show", cmd_config_show, CLI_HOME, 0, 0, "", "Shows the settings in force", config_show_options, NULL,
     "  bouncebox config show\n  bouncebox config show --list news --json\n"},
    {"config sample", cmd_config_sample, CLI_NOTHING, 0, 0, "", "Prints a configuration with every parameter explained",
     NULL, NULL, "  bouncebox config sample > bouncebox.conf\n"},
    {"config list", cmd_config_list, CLI_NOTHING, 0, 0, "", "Lists the parameters: type, default, range, help", NULL,
     config_list_text, "  bouncebox config list\n  bouncebox config list --json\n"},
};
const size_t cli_commands_count = BB_COUNT(cli_commands);
