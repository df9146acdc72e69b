/* SPDX-License-Identifier: MIT
 *
 * classify: the table of codes, words before codes, conditions one by one, operators' files first, errors that say
 * where, and every sample firing its own rule.
 */
#include <stdlib.h>

#include "core/classify/internal.h"
#include "tap.h"

static bb_arena arena;
static bb_rules *builtin;

static bb_str verdict_line(const bb_verdict *v)
{
    return bb_sprintf(&arena, "%s %s", bb_kind_word(v->kind), bb_reason_word(v->reason));
}

/* ---- codes ------------------------------------------------------------------------------------------ */

/* What operators expect of codes that nothing speaks beside. */
static void codes(void)
{
    static const struct {
        const char *status;
        int reply;
        const char *text, *want;
    } rows[] = {
        {"5.1.1", 0, "", "hard userunknown"},
        {"5.1.2", 0, "", "hard hostunknown"},
        {"5.4.1", 0, "", "hard userunknown"},
        {"4.2.2", 0, "", "soft mailboxfull"},
        {"4.3.1", 0, "", "soft systemfull"},
        {"4.4.7", 0, "", "soft expired"},
        {"", 550, "", "hard userunknown"},
        {"", 421, "", "soft networkerror"},
        {"", 0, "permanent failure", "block onhold"},
        {"", 0, "Permanent Failure.", "block onhold"},
        {"5.1.1", 550, "", "hard userunknown"},
        {"5.0.0", 550, "", "hard userunknown"},
        {"5.2.2", 552, "", "soft mailboxfull"},
        {"5.7.1", 554, "", "block policyviolation"},
        {"4.1.1", 450, "", "soft userunknown"}, /* a temporary refusal removes nobody */
        {"5.1.1", 450, "", "soft userunknown"},
        {"4.1.1", 550, "", "soft userunknown"},
        {"5.2.1", 550, "", "hard suspend"},
        {"5.1.6", 551, "", "hard hasmoved"},
        {"5.1.10", 556, "", "hard notaccept"},
        {"", 556, "", "hard notaccept"},
        {"", 451, "", "soft systemerror"},
        {"", 452, "", "soft systemfull"},
        {"", 554, "", "block rejected"},
        {"", 571, "", "block onhold"},
        {"", 499, "", "soft undefined"},
        {"5.7.27", 550, "", "block notcompliantrfc"},
        {"5.99.99", 550, "", "hard userunknown"},
        {"x.1.1", 0, "", "other undefined"},
        {"", 0, "", "other undefined"},
        {"", 250, "", "other undefined"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_evidence e = {.action = BB_ACTION_FAILED,
                         .status = bb_cstr(rows[i].status),
                         .reply_code = rows[i].reply,
                         .diagnostic = bb_cstr(rows[i].text)};
        bb_verdict v = bb_classify(builtin, &arena, &e);
        bool right = is_str(verdict_line(&v), bb_cstr(rows[i].want), "\"%s\" %d \"%s\"", rows[i].status, rows[i].reply,
                            rows[i].text);
        if (!right) tap_note("by " BB_FMT, BB_ARG(v.rule));
        ok(v.confidence >= 0 && v.confidence <= 1, "a confidence");
    }
    bb_evidence e = {.text = BB_S("temporary failure")};
    bb_verdict v = bb_classify(builtin, &arena, &e);
    is_str(bb_cstr(bb_kind_word(v.kind)), BB_S("soft"), "temporary failure");
}

/* Codes and words that say different things: the one that removes nobody, unless the words are clear. */
static void words_and_codes(void)
{
    static const struct {
        const char *diagnostic, *command;
        bb_kind kind;
    } rows[] = {
        {"550 5.1.1 Mailbox full", "", BB_KIND_SOFT},
        {"550 5.1.1 blocked using zen.spamhaus.org", "", BB_KIND_BLOCK},
        {"550 5.7.1 User unknown", "", BB_KIND_HARD},
        {"552 5.2.2 User unknown", "", BB_KIND_HARD},
        {"451 4.7.1 User unknown", "", BB_KIND_SOFT},
        {"450 5.1.1 User unknown", "", BB_KIND_SOFT},
        {"550 Zxqwv plomf", "", BB_KIND_BLOCK}, /* words that nobody can read are no bare 550 */
        {"550", "RCPT", BB_KIND_HARD},
        {"550", "DATA", BB_KIND_BLOCK},
        {"550", "CONN", BB_KIND_BLOCK},
        {"550 mx.example.net <gone@example.net>", "RCPT", BB_KIND_HARD},
        {"550 <user-unknown@example.net>", "DATA", BB_KIND_BLOCK}, /* a name in an address is nobody's word */
        {"550 5.1.1 <spam@blocked.example>: User unknown", "", BB_KIND_HARD},
        {"550-5.1.1 The user 550-5.1.1 unknown 550 5.1.1 is", "", BB_KIND_HARD},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_evidence e = {
            .action = BB_ACTION_FAILED, .command = bb_cstr(rows[i].command), .diagnostic = bb_cstr(rows[i].diagnostic)};
        bb_verdict v = bb_classify(builtin, &arena, &e);
        bool right =
            is_cstr(bb_kind_word(v.kind), bb_kind_word(rows[i].kind), "%s %s", rows[i].diagnostic, rows[i].command);
        if (!right) tap_note("by " BB_FMT, BB_ARG(v.rule));
    }
}

/* ---- whole reports ------------------------------------------------------------------------------------ */

static void whole_reports(void)
{
    static const struct {
        bb_report_type type;
        const char *feedback, *subject, *text, *want;
    } rows[] = {
        {BB_REPORT_NONE, "", "550 5.1.1 User unknown", "550 5.1.1 User unknown", "other undefined"},
        {BB_REPORT_COMPLAINT, "abuse", "", "", "complaint feedback"},
        {BB_REPORT_COMPLAINT, "Not-Spam", "", "", "other feedback"},
        {BB_REPORT_COMPLAINT, "auth-failure", "", "", "complaint authfailure"},
        {BB_REPORT_COMPLAINT, "unheard-of", "", "", "other feedback"},
        {BB_REPORT_AUTOREPLY, "", "", "550 5.1.1 User unknown", "autoreply vacation"},
        {BB_REPORT_CHALLENGE, "", "", "550 5.1.1 User unknown", "autoreply challenge"},
        {BB_REPORT_RECEIPT, "", "", "Your message was read.", "autoreply delivered"},
        {BB_REPORT_RECEIPT, "", "", "The mailbox is full.", "soft mailboxfull"},
        {BB_REPORT_RECEIPT, "", "", "550 5.1.1 User unknown", "autoreply delivered"},
        {BB_REPORT_DELIVERY, "", "", "User unknown", "hard userunknown"},
        {BB_REPORT_DELIVERY, "", "Mail failed: 550 No such user", "", "hard userunknown"},
        {BB_REPORT_DELIVERY, "", "Order 5501 failed", "", "block onhold"},
        {BB_REPORT_DELIVERY, "", "", "", "block onhold"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_report r = {.type = rows[i].type,
                       .feedback_type = bb_cstr(rows[i].feedback),
                       .subject = bb_cstr(rows[i].subject),
                       .text = bb_cstr(rows[i].text)};
        bb_verdict v = bb_classify_report(builtin, &arena, &r, 0);
        is_str(verdict_line(&v), bb_cstr(rows[i].want), "report %zu", i);
    }
    bb_rcpt_report to[] = {{.recipient = BB_S("a@example.net"), .diagnostic = BB_S("550 User unknown")},
                           {.recipient = BB_S("b@example.net"), .diagnostic = BB_S("552 Mailbox full")},
                           {.recipient = BB_S("c@example.net"), .action = BB_ACTION_DELAYED}};
    bb_report r = {.type = BB_REPORT_DELIVERY, .text = BB_S("User unknown"), .rcpts = to, .n_rcpts = 3};
    static const char *const want[] = {"hard userunknown", "soft mailboxfull", "delayed userunknown"};
    for (size_t i = 0; i < 3; i++) {
        bb_verdict v = bb_classify_report(builtin, &arena, &r, i);
        is_str(verdict_line(&v), bb_cstr(want[i]), "recipient %zu has his own", i);
    }
    bb_report own = {.type = BB_REPORT_DELIVERY, .subject = BB_S("Undelivered: 550 user unknown")};
    own.original.subject = BB_S("550 user unknown");
    bb_verdict v = bb_classify_report(builtin, &arena, &own, 0);
    is_str(verdict_line(&v), BB_S("block onhold"), "the subject of what came back is nobody's refusal");
}

/* What is said about all of many recipients is not kept once for each. */
static void many_recipients(void)
{
    bb_arena a;
    bb_arena_init(&a, &tap_alloc, BB_ARENA_LIMIT);
    bb_buf words = bb_buf_in(&a, (size_t)1 << 20);
    while (!words.truncated) bb_puts(&words, "Nothing was said of why. ");
    bb_report r = {.type = BB_REPORT_DELIVERY, .text = bb_buf_str(&words), .n_rcpts = 1000};
    r.rcpts = bb_get_array(&a, r.n_rcpts, sizeof *r.rcpts);
    size_t before = a.used, unread = 0;
    for (size_t i = 0; r.rcpts && i < r.n_rcpts; i++)
        unread += bb_classify_report(builtin, &a, &r, i).kind == BB_KIND_BLOCK;
    is_int(unread, 1000, "a thousand verdicts on a megabyte of words");
    ok(a.used - before < (size_t)100 << 20, "take %zu bytes", a.used - before);
    bb_arena_free(&a);
}

/* ---- rules --------------------------------------------------------------------------------------------- */

static bb_rules *compiled(const char *text, bool with_builtin, bb_err *err)
{
    bb_rule_source sources[33] = {{"mine.rules", bb_cstr(text)}};
    size_t n = 1;
    for (size_t i = 0; with_builtin && i < bb_rules_builtin_count && n < BB_COUNT(sources); i++)
        sources[n++] = bb_rules_builtin[i];
    return bb_rules_compile(&tap_alloc, sources, n, err);
}

#define RULE(id, lines) "rule " id "\n" lines
#define SAMPLES         " sample 550 first words here\n sample 552 other words there\n"
#define HARD            " kind hard\n reason userunknown\n"

static void bad_files(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {RULE("aa", " kind hrad\n"), "mine.rules:2: no kind is called \"hrad\"; did you mean \"hard\"?"},
        {RULE("aa", " kind complaint\n"),
         "mine.rules:2: no kind is called \"complaint\"; there are hard, soft, block, other"},
        {RULE("aa", " reason userunknwon\n"),
         "mine.rules:2: no reason is called \"userunknwon\"; did you mean \"userunknown\"?"},
        {RULE("aa", " kidn hard\n"), "mine.rules:2: no key is called \"kidn\"; did you mean \"kind\"?"},
        {RULE("aa", " stage RCTP\n"), "mine.rules:2: no stage is called \"RCTP\"; did you mean \"RCPT\"?"},
        {RULE("aa", " strength sure\n"),
         "mine.rules:2: no strength is called \"sure\"; there are guess, hint, code, clear, certain, always"},
        {RULE("aa", " action faild\n"), "mine.rules:2: no action is called \"faild\"; did you mean \"failed\"?"},
        {RULE("aa", " status 5.1\n"), "mine.rules:2: \"5.1\" is no status like 5.1.1 or x.2.2"},
        {RULE("aa", " status 9.1.1\n"), "mine.rules:2: \"9.1.1\" is no status like 5.1.1 or x.2.2"},
        {RULE("aa", " reply 5000\n"), "mine.rules:2: \"5000\" is no reply code like 550 or 4xx"},
        {RULE("aa", " words mailbox full\n"), "mine.rules:2: literals stand in quotes: \"mailbox full\""},
        {RULE("aa", " words \"open\n"), "mine.rules:2: literals stand in quotes: \"mailbox full\""},
        {RULE("aa", " words \"a\"\n"), "mine.rules:2: \"a\" is too short to mean anything"},
        {RULE("aa", " words \"ab|c\"\n"), "mine.rules:2: \"c\" is too short to mean anything"},
        {RULE("aa", " words \"\"\n"), "mine.rules:2: \"\" is too short to mean anything"},
        {RULE("aa", " words \"ab*cd*ef*gh*ij*kl*mn*op*qr\"\n"), "mine.rules:2: more than 7 * in one literal"},
        {RULE("aa", " kind\n"), "mine.rules:2: \"kind\" of what?"},
        {RULE("aa", " kind hard soft\n"), "mine.rules:2: \"kind\" takes one word"},
        {RULE("aa", " lasting yes\n"), "mine.rules:2: \"lasting\" stands alone"},
        {"# a comment\n\n kind hard\n", "mine.rules:3: \"kind\" outside a rule"},
        {"rule\n", "mine.rules:1: a rule needs an id"},
        {"rule two words\n", "mine.rules:1: an id is one word, such as mailbox-full"},
        {"rule a\n", "mine.rules:1: an id has two letters at least"},
        {"\n" RULE("aa", " reason blocked\n"), "mine.rules:2: rule \"aa\" has no kind"},
        {"\n" RULE("aa", " kind hard\n"), "mine.rules:2: rule \"aa\" has no reason"},
        {RULE("aa", HARD), "mine.rules:1: rule \"aa\" has nothing to fire on"},
        {RULE("aa", HARD " words \"here\"\n sample here\n"),
         "mine.rules:1: rule \"aa\" needs two samples, worded differently"},
        {RULE("aa", HARD " words \"here\"\n sample Here  <x@y.example>\n sample here <a@b.example>\n"),
         "mine.rules:1: the samples of rule \"aa\" are worded alike"},
        {RULE("aa", HARD " words \"words\"\n" SAMPLES) RULE("aa", HARD),
         "mine.rules:7: rule \"aa\" is in line 1 already"},
        {"code\n", "mine.rules:1: code of what?"},
        {"code 5.1.1\n", "mine.rules:1: a code line goes: code 5.1.1 hard userunknown"},
        {"code 5.1.1 hard\n", "mine.rules:1: the code has no reason"},
        {"code 5.1 hard userunknown\n", "mine.rules:1: \"5.1\" is no status like 5.1.1 or x.2.2"},
        {"code 5.1.1 hard userunknown guess twice\n", "mine.rules:1: the line goes on after its end"},
        {"code 550 RCPT\n", "mine.rules:1: no kind is called \"\"; there are hard, soft, block, other"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_err err;
        bb_rules *rules = compiled(rows[i].text, false, &err);
        ok(!rules && err.code == BB_ECONFIG, "refused: %s", rows[i].want);
        is_cstr(err.text, rows[i].want, "and said where");
        bb_rules_free(&rules);
    }
    bb_err err;
    bb_rules *rules = compiled("rule aa\r\n kind hard\r\n reason userunknown\r\n words \"words\"\r\n sample a few "
                               "words\r\n sample words, others\r\n",
                               false, &err);
    ok(rules != NULL, "CRLF is fine: %s", err.text);
    ok(rules && bb_rules_check(rules, &arena, &err), "and the samples fire");
    bb_rules_free(&rules);
}

/* A sample that fires another rule, or none, is told. */
static void samples_that_do_not_fire(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {RULE("aa", HARD " words \"first\"\n" SAMPLES),
         "mine.rules:6: \"552 other words there\" is a sample of aa but fires no rule"},
        {RULE("aa", HARD " words \"words\"\n" SAMPLES) RULE(
             "bb",
             " kind soft\n reason expired\n strength always\n words \"there\"\n sample 1 there\n sample 2 x there\n"),
         "mine.rules:6: \"552 other words there\" is a sample of aa but fires bb"},
        {RULE("aa", HARD " words \"words\"\n" SAMPLES) "\r\n# a comment\r\n" RULE(
             "bb", HARD "# another\n words \"second\"\n sample 550 second box\n\n sample 550 third box\n"),
         "mine.rules:16: \"550 third box\" is a sample of bb but fires no rule"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_err err;
        bb_rules *rules = compiled(rows[i].text, false, &err);
        if (!ok(rules != NULL, "compiles: %s", err.text)) continue;
        ok(!bb_rules_check(rules, &arena, &err) && err.code == BB_ECONFIG, "the check fails");
        is_cstr(err.text, rows[i].want, "and says what fires");
        bb_rules_free(&rules);
    }
}

/* Conditions of one rule, each met and not met. */
static void conditions(void)
{
    static const struct {
        const char *lines;
        struct {
            const char *diagnostic, *text, *status, *command, *host;
        } e;
        bool fires;
    } rows[] = {
        {" words \"box is full\"\n", {.diagnostic = "The BOX  is\n full!"}, true},
        {" words \"box is full\"\n", {.diagnostic = "The box is fuller"}, false},
        {" words \"box is full\"\n", {.diagnostic = "The inbox is full"}, false},
        {" words \"box is full*\"\n", {.diagnostic = "The box is fuller"}, true},
        {" words \"*box is full\"\n", {.diagnostic = "The inbox is full"}, true},
        {" words \"box * full\"\n", {.diagnostic = "box of Ann is full"}, true},
        {" words \"box * full\"\n", {.diagnostic = "The box is gone. It was full"}, false},
        {" words \"box * full\"\n", {.diagnostic = "full is the box"}, false},
        {" words \"na\xC3\xAFve\"\n", {.diagnostic = "NA\xC3\x8FVE"}, true},
        {" words \"na\xC3\xAFve\"\n", {.diagnostic = "naive"}, true},
        {" words \"naive\"\n", {.diagnostic = "na\xC3\xAFve"}, true},
        {" words \"naive\"\n", {.diagnostic = "nai\xCC\x88ve"}, true},
        {" words \"empf\xC3\xA4nger\"\n", {.diagnostic = "EMPFAENGER"}, true},
        {" words \"empf\xC3\xA4nger\"\n", {.diagnostic = "Empfanger"}, true},
        {" words \"\xCE\xAC\xCE\xB3\xCE\xBD\xCF\x89\xCF\x83\xCF\x84\xCE\xBF\xCF\x82\"\n",
         {.diagnostic = "\xCE\x91\xCE\x93\xCE\x9D\xCE\xA9\xCE\xA3\xCE\xA4\xCE\x9F\xCE\xA3"},
         true},
        {" words \"box|crate * full|gone\"\n", {.diagnostic = "the crate of Ann is gone"}, true},
        {" words \"box|crate * full|gone\"\n", {.diagnostic = "box full"}, true},
        {" words \"box|crate * full|gone\"\n", {.diagnostic = "full box"}, false},
        {" words \"box|crate * full|gone\"\n", {.diagnostic = "the bag is full"}, false},
        {" words \"box|crate*\"\n", {.diagnostic = "boxes"}, true},
        {" words \"box|crate\"\n", {.diagnostic = "boxes"}, false},
        {" words \"pipe to |\"\n", {.diagnostic = "pipe to |/bin/x"}, true},
        {" words \"can't be\"\n", {.diagnostic = "can\xE2\x80\x99t be"}, true},
        {" words \"no mail\"\n unless \"yet\"\n", {.diagnostic = "no mail here"}, true},
        {" words \"no mail\"\n unless \"yet\"\n", {.diagnostic = "no mail here yet"}, false},
        {" words \"no mail\"\n", {.text = "no mail here"}, true},
        {" words \"no mail\"\n status 5.x.x\n", {.status = "5.7.1", .diagnostic = "no mail"}, true},
        {" words \"no mail\"\n status 5.x.x\n", {.status = "4.7.1", .diagnostic = "no mail"}, false},
        {" words \"no mail\"\n reply 5xx\n", {.diagnostic = "554 no mail"}, true},
        {" words \"no mail\"\n reply 5xx\n", {.diagnostic = "454 no mail"}, false},
        {" words \"no mail\"\n reply none\n", {.diagnostic = "no mail"}, true},
        {" words \"no mail\"\n reply none\n", {.diagnostic = "554 no mail"}, false},
        {" words \"no mail\"\n stage RCPT\n", {.command = "rcpt", .diagnostic = "no mail"}, true},
        {" words \"no mail\"\n stage RCPT\n", {.command = "DATA", .diagnostic = "no mail"}, false},
        {" words \"no mail\"\n stage RCPT\n", {.diagnostic = "no mail"}, false},
        {" words \"no mail\"\n host *.example.net\n", {.host = "MX.Example.net", .diagnostic = "no mail"}, true},
        {" words \"no mail\"\n host *.example.net\n", {.host = "example.net", .diagnostic = "no mail"}, true},
        {" words \"no mail\"\n host *.example.net\n", {.host = "badexample.net", .diagnostic = "no mail"}, false},
        {" status 5.1.1\n", {.status = "5.1.1"}, true},
        {" status 5.1.1\n", {.diagnostic = "(#5.1.1)"}, true},
        {" status 5.1.1\n", {.diagnostic = "15.1.1 or 5.1.1.1"}, false},
        {" reply 550\n words none\n", {.diagnostic = "550 5.0.0 <a@b.example>"}, true},
        {" reply 550\n words none\n", {.diagnostic = "550 so what"}, false},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_err err;
        bb_str text = bb_sprintf(&arena, "rule mine\n kind block\n reason onhold\n%s%s", rows[i].lines, SAMPLES);
        bb_rules *rules = compiled(text.p, false, &err);
        if (!ok(rules != NULL, "conditions %zu compile: %s", i, err.text)) continue;
        bb_evidence e = {.diagnostic = bb_cstr(rows[i].e.diagnostic),
                         .text = bb_cstr(rows[i].e.text),
                         .status = bb_cstr(rows[i].e.status),
                         .command = bb_cstr(rows[i].e.command),
                         .host = bb_cstr(rows[i].e.host)};
        bb_verdict v = bb_classify(rules, &arena, &e);
        is_int(bb_eq(v.rule, BB_S("mine")), rows[i].fires, "%s on \"" BB_FMT "\"", rows[i].lines, BB_ARG(e.diagnostic));
        bb_rules_free(&rules);
    }
}

static void lasting(void)
{
    static const char *const lines[] = {"", " lasting\n"};
    for (size_t i = 0; i < 2; i++) {
        bb_err err;
        bb_rules *rules =
            compiled(bb_sprintf(&arena, "rule mine\n" HARD "%s words \"words\"\n" SAMPLES, lines[i]).p, false, &err);
        if (!ok(rules != NULL, "compiles: %s", err.text)) continue;
        bb_evidence e = {.status = BB_S("4.0.0"), .diagnostic = BB_S("words")};
        is_int(bb_classify(rules, &arena, &e).kind, i ? BB_KIND_HARD : BB_KIND_SOFT, "4.0.0%s", lines[i]);
        e = (bb_evidence){.diagnostic = BB_S("450 words")};
        is_int(bb_classify(rules, &arena, &e).kind, BB_KIND_SOFT, "450%s", lines[i]);
        bb_rules_free(&rules);
    }
}

static void operators_come_first(void)
{
    bb_evidence e = {.diagnostic = BB_S("550 5.1.1 User unknown")};
    bb_verdict before = bb_classify(builtin, &arena, &e);
    bb_str id = bb_dup(&arena, before.rule);
    bb_err err;
    bb_str text = bb_sprintf(&arena,
                             "rule " BB_FMT "\n kind block\n reason onhold\n words \"user unknown\"\n sample user "
                             "unknown\n sample 550 user unknown here\n",
                             BB_ARG(id));
    bb_rules *rules = compiled(text.p, true, &err);
    if (!ok(rules != NULL, "an id that is built in: %s", err.text)) return;
    bb_verdict after = bb_classify(rules, &arena, &e);
    is_str(after.rule, id, "the same rule fires");
    is_str(verdict_line(&after), BB_S("block onhold"), "as the operators' file has it");
    is_int(bb_rules_count(rules), bb_rules_count(builtin), "it replaces the one that is built in");
    is_cstr(bb_rules_info(rules, 0).source, "mine.rules", "and comes first");
    bb_rules_free(&rules);
    rules =
        compiled("rule my-own\n kind block\n reason onhold\n strength always\n words \"user unknown\"\n sample user "
                 "unknown\n sample 550 user unknown here\n",
                 true, &err);
    if (!ok(rules != NULL, "an id of their own: %s", err.text)) return;
    after = bb_classify(rules, &arena, &e);
    is_str(after.rule, BB_S("my-own"), "fires before what is built in");
    bb_rules_free(&rules);
}

/* ---- why not another ----------------------------------------------------------------------------------- */

/* One rule in the way of a strong one, by each thing that it can lose by. */
static void why_not(void)
{
    static const struct {
        const char *lines; /* of the rule that loses */
        bb_evidence e;
        const char *why;
    } rows[] = {
#define SAYS(words) .diagnostic = {"" words, sizeof(words) - 1}
        {" kind soft\n reason onhold\n strength hint\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "it is weaker: hint, not certain"},
        {" kind soft\n reason onhold\n strength certain\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "its conditions are less exact than the winner's"},
        {" kind hard\n reason onhold\n strength certain\n reply 550\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "it is hard, and where two contradict each other the one that removes nobody wins"},
        {" kind soft\n reason onhold\n strength certain\n reply 550\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "its words are shorter: \"red\", not \"gold\""},
        {" kind soft\n reason onhold\n strength certain\n reply 550\n words \"pink\"\n",
         {SAYS("550 pink and gold")},
         "all else alike, it stands behind the winner: line 10, not 1"},
        {" kind soft\n reason onhold\n words \"red\"\n unless \"no* go\" \"and\"\n",
         {SAYS("550 red and gold")},
         "forbidden by its unless \"and\""},
        {" kind soft\n reason onhold\n status x.1.1 5.7.x\n words \"red\"\n",
         {SAYS("550 5.2.1 red and gold")},
         "its condition does not hold: status x.1.1 5.7.x; here it is 5.2.1"},
        {" kind soft\n reason onhold\n status x.1.1\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "its condition does not hold: status x.1.1; here is none"},
        {" kind soft\n reason onhold\n reply 4xx 551\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "its condition does not hold: reply 4xx 551; here it is 550"},
        {" kind soft\n reason onhold\n stage MAIL DATA\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "its condition does not hold: stage MAIL DATA; here it is not known"},
        {" kind soft\n reason onhold\n host a.example *.b.example\n words \"red\"\n",
         {SAYS("550 red and gold"), .host = {"c.example", 9}},
         "its condition does not hold: host a.example *.b.example; here it is c.example"},
        {" kind soft\n reason onhold\n action delayed\n words \"red\"\n",
         {SAYS("550 red and gold"), .action = BB_ACTION_FAILED},
         "its condition does not hold: action delayed; here it is failed"},
        {" kind soft\n reason onhold\n reply none\n words \"red\"\n",
         {SAYS("550 red and gold")},
         "it is for where no server replied"},
        {" kind soft\n reason onhold\n words none\n reply 550\n",
         {SAYS("550 red and gold")},
         "it is for refusals without words"},
        {" kind soft\n reason onhold\n reply 550\n",
         {SAYS("550 red and gold")},
         "codes are asked only where no words are clear"},
        {" kind soft\n reason onhold\n words \"red\"\n said\n",
         {.text = {"550 red and gold", 16}},
         "it fires on a server's own words only, and these are the report's"},
        {" kind soft\n reason onhold\n words \"red\"\n",
         {SAYS("550 gold"), .text = {"It is red.", 10}},
         "words of the report are asked only where no rule fires on the server's own"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("550 5.1.7 red and gold")},
         "it is hard, and the status is about the sender"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("503 red and gold")},
         "it is hard, and the reply is about commands or authentication"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("550 red and gold"), .of_sender = true},
         "it is hard, and the refusal names the sender and not the recipient"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("550 red and gold"), .others = true},
         "it is hard, and was said of other recipients"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("550 red and gold"), .command = {"EHLO", 4}},
         "it is hard, and was said before the recipient was named"},
        {" kind hard\n reason onhold\n words \"red\"\n strength hint\n",
         {SAYS("550 red and gold"), .command = {"DATA", 4}},
         "it is hard and only a hint, and what is said at DATA may be about the message"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {SAYS("552 red and gold"), .told = true},
         "it is hard in human words, and the codes say something else"},
        {" kind hard\n reason onhold\n words \"red\"\n",
         {.text = {"It is red and gold.", 19}, .text_of_all = true},
         "it is hard, and the words are about several recipients"},
#undef SAYS
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_err err;
        bb_runners_up others;
        bool reply = bb_starts(rows[i].e.diagnostic, BB_S("550"));
        bb_str text =
            bb_sprintf(&arena,
                       "rule gold\n kind block\n reason blocked\n strength certain\n%s words \"gold\"\n" SAMPLES
                       "%s rule mine\n%s" SAMPLES,
                       reply ? " reply 550\n" : "", reply ? "\n" : "\n\n", rows[i].lines);
        bb_rules *rules = compiled(text.p, false, &err);
        if (!ok(rules != NULL, "why not %zu compile: %s", i, err.text)) continue;
        bb_verdict v = bb_classify_why(rules, &arena, &rows[i].e, &others),
                   plain = bb_classify(rules, &arena, &rows[i].e);
        ok(bb_eq(v.rule, BB_S("gold")) && v.kind == plain.kind && v.confidence == plain.confidence && others.n == 1,
           "gold wins, asked or not: %zu, " BB_FMT, i, BB_ARG(v.rule));
        is_str(others.n ? others.rules[0].why : BB_S(""), bb_cstr(rows[i].why), "why not %zu", i);
        bb_rules_free(&rules);
    }
}

/* A kind that gives way is told of first, by the name of the rule that has it. */
static void gave_way(void)
{
    static const struct {
        bb_evidence e;
        const char *why;
    } rows[] = {
        {{.diagnostic = {"450 words", 9}}, "the winner's own kind: a temporary refusal is never hard"},
        {{.diagnostic = {"550 words", 9}, .passed_on = true},
         "the winner's own kind: the address is one that the mail was passed on to"},
        {{.diagnostic = {"550 zzz", 7}, .of_sender = true},
         "the winner's own kind: the refusal names the sender and gives no reason"},
        {{.text = {"They might be words.", 20}}, "what a report says may be so can at the most be a block"},
        {{.diagnostic = {"250 words", 9}, .action = BB_ACTION_DELIVERED}, ""},
    };
    bb_err err;
    bb_rules *rules =
        compiled("rule mine\n" HARD " words \"words\"\n" SAMPLES "code 550 soft undefined\n", false, &err);
    if (!ok(rules != NULL, "compiles: %s", err.text)) return;
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_runners_up others;
        bb_classify_why(rules, &arena, &rows[i].e, &others);
        is_str(others.n ? others.rules[0].why : BB_S(""), bb_cstr(rows[i].why), "gave way %zu", i);
    }
    bb_rules_free(&rules);
}

/* ---- what is built in ----------------------------------------------------------------------------------- */

static void built_in(void)
{
    bb_err err = {0};
    ok(bb_rules_check(builtin, &arena, &err), "every sample fires its own rule: %s", err.text);
    ok(bb_rules_count(builtin) > 150, "%zu rules", bb_rules_count(builtin));
    size_t samples = 0, odd = 0;
    for (size_t i = 0; i < bb_rules_count(builtin); i++) {
        bb_rule_info info = bb_rules_info(builtin, i);
        samples += info.n_samples;
        odd += !info.id.n || info.line < 1 || !*info.source || !*info.strength;
        /* what is about the sender or the content is never hard (docs/design.md section 2) */
        static const bb_reason about_sender[] = {
            BB_REASON_authfailure,   BB_REASON_badreputation, BB_REASON_blocked,         BB_REASON_contenterror,
            BB_REASON_mesgtoobig,    BB_REASON_norelaying,    BB_REASON_notcompliantrfc, BB_REASON_policyviolation,
            BB_REASON_rejected,      BB_REASON_requireptr,    BB_REASON_securityerror,   BB_REASON_spamdetected,
            BB_REASON_virusdetected, BB_REASON_speeding,      BB_REASON_toomanyconn,     BB_REASON_networkerror,
            BB_REASON_systemerror,   BB_REASON_systemfull,    BB_REASON_mailboxfull,     BB_REASON_expired,
            BB_REASON_greylisted};
        for (size_t k = 0; k < BB_COUNT(about_sender); k++)
            if (info.kind == BB_KIND_HARD && info.reason == about_sender[k])
                ok(false, BB_FMT " is hard and %s", BB_ARG(info.id), bb_reason_word(info.reason));
    }
    ok(samples > 100 && !odd, "%zu samples; every rule says where it stands", samples);
}

#define SAME(x, y, what, count) \
    ok((x)->count == (y)->count && !memcmp((x)->what, (y)->what, (x)->count * sizeof *(x)->what), "the same " #what)

static bool same_strings(const bb_str *x, const bb_str *y, size_t n)
{
    bool same = true;
    for (size_t i = 0; i < n; i++) same = same && bb_eq(x[i], y[i]);
    return same;
}

static bool same_rule(const bb_rule *x, const bb_rule *y)
{
    bool flags = x->lasting == y->lasting && x->said == y->said && x->has_words == y->has_words && x->bare == y->bare &&
                 x->unanswered == y->unanswered && x->stages == y->stages && x->actions == y->actions;
    return flags && bb_eq(x->id, y->id) && strcmp(x->source, y->source) == 0 && x->line == y->line &&
           x->kind == y->kind && x->reason == y->reason && x->strength == y->strength &&
           x->specificity == y->specificity && x->n_status == y->n_status && x->n_reply == y->n_reply &&
           x->n_hosts == y->n_hosts && x->n_samples == y->n_samples &&
           (!x->n_status || !memcmp(x->status, y->status, x->n_status * sizeof *x->status)) &&
           (!x->n_reply || !memcmp(x->reply, y->reply, x->n_reply * sizeof *x->reply)) &&
           same_strings(x->hosts, y->hosts, x->n_hosts) && same_strings(x->samples, y->samples, x->n_samples);
}

static bool same_map(const bb_map *x, const bb_map *y)
{
    size_t same = 0, n = bb_map_slots(x);
    if (x->n != y->n || x->shift != y->shift) return false;
    for (size_t i = 0; i < n; i++) same += x->slots[i].key == y->slots[i].key && x->slots[i].value == y->slots[i].value;
    return same == n;
}

/* What the program carries is what it would compile. */
static void frozen(void)
{
    bb_err err;
    bb_rules *open = bb_rules_open(&tap_alloc, NULL, &err);
    const bb_trie *t = &open->trie, *fresh = &builtin->trie;
    size_t alike = 0;
    is_int(open->n_rules, builtin->n_rules, "as many rules");
    for (size_t i = 0; i < builtin->n_rules && i < open->n_rules; i++)
        alike += same_rule(&open->rules[i], &builtin->rules[i]);
    is_int(alike, builtin->n_rules, "the same rules");
    SAME(open, builtin, text, n_text);
    SAME(open, builtin, codes, n_codes);
    SAME(open, builtin, near, n_near);
    SAME(t, fresh, bytes, n_bytes);
    ok(t->n_gapped == fresh->n_gapped && !memcmp(t->first, fresh->first, sizeof t->first) &&
           !memcmp(t->second, fresh->second, sizeof t->second),
       "the same beginnings");
    ok(same_map(&t->roots, &fresh->roots) && same_map(&open->near_heads, &builtin->near_heads),
       "the same roots and keys");
    bool same = t->n_nodes == fresh->n_nodes && t->n_ends == fresh->n_ends && t->n_literals == fresh->n_literals;
    for (size_t i = 1; same && i < t->n_nodes; i++)
        same = t->nodes[i].bytes == fresh->nodes[i].bytes && t->nodes[i].ends == fresh->nodes[i].ends &&
               t->nodes[i].child == fresh->nodes[i].child && t->nodes[i].n == fresh->nodes[i].n &&
               t->nodes[i].children == fresh->nodes[i].children;
    for (size_t i = 1; same && i < t->n_ends; i++)
        same = t->ends[i].literal == fresh->ends[i].literal && t->ends[i].rule == fresh->ends[i].rule &&
               t->ends[i].before == fresh->ends[i].before && t->ends[i].number == fresh->ends[i].number &&
               t->ends[i].unless == fresh->ends[i].unless && t->ends[i].whole_word == fresh->ends[i].whole_word &&
               t->ends[i].more == fresh->ends[i].more;
    for (size_t i = 0; same && i < t->n_literals; i++)
        same = t->literals[i].text == fresh->literals[i].text && t->literals[i].rule == fresh->literals[i].rule &&
               t->literals[i].weight == fresh->literals[i].weight;
    ok(same, "the same nodes, ends and literals");
    ok(bb_rules_check(open, &arena, &err), "and every sample fires its own: %s", err.text);
    bb_rules_free(&open);
    ok(!open && bb_rules_frozen.n_rules == builtin->n_rules, "freeing leaves them");
}

/* An accent that is a sign of its own (U+0301) belongs to the letter before it, and to nothing where there is none. */
static void accents_alone(void)
{
    static const char *const texts[] = {"mailbox full", "\xCC\x81 mailbox full", "mailbox \xCC\x81 full",
                                        "mailb\xCC\x81ox \xCC\x81\xCC\x81 full \xCC\x81"};
    for (size_t i = 0; i < BB_COUNT(texts); i++) {
        char folded[64];
        bb_str out = {folded, bb_fold(bb_cstr(texts[i]), folded)};
        ok(bb_eq(out, bb_cstr(texts[0])), "accents alone, %zu: \"" BB_FMT "\"", i, BB_ARG(out));
    }
}

/* What is looked at for a text. */
typedef struct {
    size_t nodes, literals, codes;
} work;

static work work_for(const bb_rules *rules, const bb_evidence *e)
{
    bb_sight sight;
    char *folded = bb_get(&arena, e->diagnostic.n + 1);
    if (!folded || !bb_sight_init(&sight, &arena)) return (work){0};
    bb_trie_scan(&rules->trie, (bb_str){folded, bb_fold(e->diagnostic, folded)}, &sight);
    work w = {.nodes = sight.steps, .literals = sight.words.n + sight.unless.n};
    bb_codes codes = bb_codes_of(e);
    bb_near_keys keys = bb_near_keys_of(e, &codes);
    for (size_t k = 0; k < keys.n; k++)
        for (uint32_t i = bb_near_first(rules, keys.keys[k]); i; i = rules->near[i].next) w.codes++;
    return w;
}

/* Rules that have nothing to do with a text cost nothing for it, however many they are. */
static void work_of_many_rules(void)
{
    static const char *const texts[] = {
        "550 5.1.1 <a@b.example> User unknown in virtual mailbox table", "452 4.2.2 over quota",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"};
    bb_buf text = bb_buf_in(&arena, (size_t)1 << 22);
    size_t n = 3 * bb_rules_count(builtin);
    for (size_t i = 0; i < n; i++) {
        bb_putf(&text,
                "rule xq-%zu\n kind soft\n reason onhold\n words \"xq%zu of it\" \"xq * of%zu\" \"*zq%zu\"\n" SAMPLES,
                i, i, i, i);
        bb_putf(&text, "rule host-%zu\n kind soft\n reason onhold\n status 5.x.x\n host *.h%zu.example\n" SAMPLES, i,
                i);
        bb_putf(&text, "code 5.%zu.%zu soft onhold\n", 100 + i / 900, 100 + i % 900);
    }
    bb_putc(&text, 0);
    bb_err err;
    bb_rules *many = compiled(text.p, true, &err);
    if (!ok(many && bb_rules_count(many) == 10 * bb_rules_count(builtin), "ten times the rules: %s", err.text)) return;
    for (size_t i = 0; i < BB_COUNT(texts); i++) {
        bb_evidence e = {.diagnostic = bb_cstr(texts[i]), .host = BB_S("mx.b.example")};
        work few = work_for(builtin, &e), more = work_for(many, &e);
        ok(few.nodes && few.literals && few.codes, "there is work for \"%s\"", texts[i]);
        is_int(more.nodes, few.nodes, "no more nodes of ten times the rules");
        is_int(more.literals, few.literals, "no more words");
        is_int(more.codes, few.codes, "no more codes");
        bb_verdict v = bb_classify(builtin, &arena, &e), same = bb_classify(many, &arena, &e);
        is_str(same.rule, v.rule, "and the same verdict");
    }
    bb_evidence e = {.diagnostic = BB_S("550 5.1.1"), .host = BB_S("MX.h7.example")};
    is_str(bb_classify(many, &arena, &e).rule, BB_S("host-7"), "a host is found among many");
    e = (bb_evidence){.diagnostic = BB_S("550 5.100.107 x"), .host = BB_S("h7.other.example")};
    is_str(bb_classify(many, &arena, &e).rule, BB_S("status-5.100.107"), "and a code");
    bb_rules_free(&many);
}

static void without_memory(void)
{
    size_t told = 0, tried = 0;
    for (long n = 1; n < 400; n++, tried++) {
        tap_failing f;
        bb_err err = {0};
        tap_failing_init(&f, n);
        bb_rules *rules = bb_rules_compile(&f.alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
        bool reached = f.seen >= n, says = !rules && err.code == BB_ENOMEM && *err.text;
        told += says;
        if (reached && !says)
            tap_note("allocation %ld: %s %d %s", n, rules ? "compiled" : "refused", err.code, err.text);
        bb_rules_free(&rules);
        if (!reached) break;
    }
    ok(tried > 3 && told == tried, "%zu of %zu allocations that failed told", told, tried);
    bb_evidence e = {.diagnostic = BB_S("550 5.1.1 User unknown"), .text = BB_S("Mailbox full")};
    for (size_t limit = 0; limit < 20000; limit += 64) {
        bb_arena a;
        bb_arena_init(&a, &tap_alloc, limit);
        bb_verdict v = bb_classify(builtin, &a, &e);
        if (v.kind == BB_KIND_SOFT) ok(a.failed, "a verdict without memory is marked, limit %zu", limit);
        bb_arena_free(&a);
    }
    ok(true, "classifying without memory");
}

int main(void)
{
    bb_err err;
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    builtin = bb_rules_compile(&tap_alloc, bb_rules_builtin, bb_rules_builtin_count, &err);
    if (!ok(builtin != NULL, "the built-in rules compile: %s", err.text)) return tap_done();
    codes();
    words_and_codes();
    whole_reports();
    many_recipients();
    bad_files();
    samples_that_do_not_fire();
    conditions();
    lasting();
    operators_come_first();
    why_not();
    gave_way();
    built_in();
    frozen();
    accents_alone();
    work_of_many_rules();
    without_memory();
    bb_rules_free(&builtin);
    bb_arena_free(&arena);
    return tap_done();
}
