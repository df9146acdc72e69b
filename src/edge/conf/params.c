/* SPDX-License-Identifier: MIT
 *
 * The parameters: name, type, default, range, help. To add one, add a field in conf.h and a row here.
 */
#include <stddef.h>

#include "edge/conf/conf.h"

#define HOME(field)  BB_SCOPE_HOME, offsetof(bb_conf_home, field)
#define SERVE(field) BB_SCOPE_SERVE, offsetof(bb_conf_serve, field)
#define LIST(field)  BB_SCOPE_LIST, offsetof(bb_conf_list, field)

#define DAYS   86400.0
#define SPANS  "90s, 15m, 12h, 30d, 4w, or seconds"
#define YES_NO "yes or no"

/* clang-format off */
const bb_conf_param bb_conf_params[] = {
    {"database", HOME(database), BB_PARAM_TEXT, "bouncebox.db", 1, 255, NULL, "a path, from the home",
        "The database."},
    {"keys", HOME(keys), BB_PARAM_TEXT, "keys", 1, 255, NULL, "a path, from the home",
        "The keys that sign return paths; nobody else may read this file."},
    {"rules", HOME(rules), BB_PARAM_TEXT, "", 0, 255, NULL, "a path, from the home; empty: none",
        "Classification rules of your own; they come before those that the program carries."},
    {"netrc", HOME(netrc), BB_PARAM_TEXT, "netrc", 1, 255, NULL, "a path, from the home",
        "Passwords of mailboxes on servers, \"machine HOST login USER password WORD\"; nobody else may read this file."},
    {"token_lifetime", HOME(token_lifetime), BB_PARAM_DURATION, "30d", 1 * DAYS, 3650 * DAYS, NULL, SPANS,
        "How long after its mailing a signed return path is believed."},
    {"keep_evidence", HOME(keep_evidence), BB_PARAM_BOOL, "yes", 0, 0, NULL, YES_NO,
        "Keep the raw message behind each report, compressed."},
    {"own_hosts", HOME(own_hosts), BB_PARAM_HOSTS, "", 0, 1000, NULL, "names of hosts, blanks between; empty: none",
        "What your own Postfix calls itself (myhostname): its notices need no signature, where serve or deliver takes them."},

    {"listen", SERVE(listen), BB_PARAM_TEXT, "unix:lmtp", 1, 1000, NULL, "unix:PATH or inet:HOST:PORT, blanks between",
        "Where serve takes mail by LMTP; paths are from the home."},
    {"policy", SERVE(policy), BB_PARAM_TEXT, "", 0, 1000, NULL, "unix:PATH or inet:HOST:PORT, blanks between; empty: none",
        "Where serve is asked by Postfix's check_policy_service; paths are from the home."},
    {"return_path_senders", SERVE(return_path_senders), BB_PARAM_WORD, "any", 0, 0, "any null", "any or null",
        "null: the policy service refuses people and auto-replies at a return path; bounces have the null sender."},
    {"suppress_senders", SERVE(suppress_senders), BB_PARAM_SENDERS, "", 0, 1000, NULL, "addresses, SASL logins, an @ and a domain; empty: nobody",
        "Whose mail to an address that bounced the policy service refuses."},
    {"suppress_networks", SERVE(suppress_networks), BB_PARAM_NETWORKS, "", 0, 1000, NULL, "like 127.0.0.0/8 [::1]/128; empty: none",
        "From where mail to an address that bounced is refused, whoever sends it."},
    {"socket_mode", SERVE(socket_mode), BB_PARAM_WORD, "0660", 0, 0, "0600 0660 0666", "0600, 0660 or 0666",
        "Who may connect to a unix socket."},
    {"socket_user", SERVE(socket_user), BB_PARAM_TEXT, "", 0, 64, NULL, "a user; empty: the owner of the home",
        "Whose the unix sockets are, where serve is started by root: postfix, for sockets in its queue directory."},
    {"threads", SERVE(threads), BB_PARAM_INT, "0", 0, 64, NULL, "a number; 0: as many as processors, 4 at most",
        "So many threads read mail."},
    {"connections", SERVE(connections), BB_PARAM_INT, "1000", 1, 10000, NULL, "a number",
        "So many clients at once; the others wait."},
    {"message_size", SERVE(message_size), BB_PARAM_INT, "64", 1, 64, NULL, "MiB",
        "What is longer is read up to here, and marked as cut."},
    {"memory", SERVE(memory), BB_PARAM_INT, "256", 1, 65536, NULL, "MiB",
        "When messages on their way hold so much, clients wait until some are stored."},
    {"timeout", SERVE(timeout), BB_PARAM_DURATION, "5m", 1, 1 * DAYS, NULL, SPANS,
        "A client that is silent for so long is sent away."},
    {"data_timeout", SERVE(data_timeout), BB_PARAM_DURATION, "10m", 1, 1 * DAYS, NULL, SPANS,
        "A client that takes longer to send one message is sent away."},
    {"errors", SERVE(errors), BB_PARAM_INT, "20", 1, 1000, NULL, "a number",
        "A client that makes so many mistakes in a row is sent away."},

    {"bounce_domain", LIST(bounce_domain), BB_PARAM_DOMAIN, "", 0, 253, NULL, "a domain",
        "The domain of your return paths; its mail must come back to bouncebox."},
    {"return_path", LIST(return_path), BB_PARAM_WORD, "signed", 0, 0, "signed plain verp signed-verp", "signed, plain, verp or signed-verp",
        "Your return paths: bounce-<token>@, bounce-<number>@, news+user=domain@ or news+user=domain=<tag>@."},
    {"return_path_base", LIST(return_path_base), BB_PARAM_LOCAL, "", 0, 40, NULL, "the part before the +",
        "What stands before the + of verp and signed-verp return paths; empty: any."},
    {"hard_limit", LIST(hard_limit), BB_PARAM_INT, "1", 1, 100, NULL, "a number",
        "So many hard bounces remove a subscriber."},
    {"soft_limit", LIST(soft_limit), BB_PARAM_INT, "3", 1, 1000, NULL, "a number",
        "So many soft bounces within soft_window remove a subscriber."},
    {"soft_window", LIST(soft_window), BB_PARAM_DURATION, "30d", 3600, 3650 * DAYS, NULL, SPANS,
        "The time within which soft bounces add up."},
    {"soft_window_mode", LIST(soft_window_mode), BB_PARAM_WORD, "fixed", 0, 0, "fixed longer", "fixed or longer",
        "longer: the window stretches to the last soft_limit mailings, for lists mailed less than weekly."},
    {"quarantine", LIST(quarantine), BB_PARAM_DURATION, "3d", 0, 365 * DAYS, NULL, SPANS,
        "How long a soft bounce keeps a subscriber from being mailed."},
    {"quarantine_backoff", LIST(quarantine_backoff), BB_PARAM_NUMBER, "2", 1, 100, NULL, "a number from 1",
        "Each further soft bounce makes the quarantine so many times longer."},
    {"accept_mailing", LIST(accept_mailing), BB_PARAM_BOOL, "no", 0, 0, NULL, YES_NO,
        "Act on bounce-<tag>+user=domain@, where only the mailing is signed: its readers can forge these."},
    {"accept_inferred", LIST(accept_inferred), BB_PARAM_BOOL, "no", 0, 0, NULL, YES_NO,
        "Act on reports that only name the address (plain and verp lists): anybody can forge these."},
    {"mode", LIST(mode), BB_PARAM_WORD, "enforce", 0, 0, "enforce observe", "enforce or observe",
        "observe: decide and tell, but change nobody."},
};
const size_t bb_conf_params_count = BB_COUNT(bb_conf_params);
