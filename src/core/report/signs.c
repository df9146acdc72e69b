/* SPDX-License-Identifier: MIT
 *
 * What a message's own header and first words say it is: whether a mail system wrote it, and whether it
 * announces that something was not delivered. Nothing here decides alone; formats weigh these signs.
 */
#include "core/report/internal.h"

/* Marks of "this is about another mail" that people's programs put before a subject. */
static const char *const reply_marks[] = {"re:",  "re :",  "aw:",   "sv:",   "vs:",  "antw:",  "res:",  "odp:",
                                          "ynt:", "回复:", "答复:", "回覆:", "re：", "回复：", "答复："};
static const char *const passed_marks[] = {"fw:", "fwd:", "wg:", "rv:", "enc:", "tr:", "vb:", "转发:", "转发："};

static const char *const list_fields[] = {"List-Id", "List-Post", "List-Unsubscribe", "List-Help", "Feedback-ID"};
static const char *const auto_fields[] = {"X-Autoreply",      "X-Autorespond",    "X-Autoresponder", "X-Auto-Reply",
                                          "X-Mail-Autoreply", "X-AutoReply-From", "X-Vacation"};

static bool has_field(const bb_ctx *c, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bb_field_get(c->m->root, names[i])) return true;
    return false;
}

static bool begins_with(bb_str subject, const char *const *marks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bb_begins(subject, marks[i])) return true;
    return false;
}

static unsigned mark_signs(bb_str subject)
{
    bb_str longest = bb_sub(subject, 0, 9); /* each ends with a colon, be it a wide one */
    if (bb_chr(longest, ':') == BB_NPOS && bb_chr(longest, '\xEF') == BB_NPOS) return 0;
    if (begins_with(subject, passed_marks, BB_COUNT(passed_marks))) return BB_SIGN_REPLY | BB_SIGN_PASSED_ON;
    return begins_with(subject, reply_marks, BB_COUNT(reply_marks)) ? BB_SIGN_REPLY : 0;
}

static bool says_auto(bb_ctx *c)
{
    bb_str submitted = bb_field_raw(c->m, c->m->root, "Auto-Submitted");
    if (bb_istarts(submitted, BB_S("auto-"))) return true; /* RFC 3834 section 5; "no" is the other value */
    static const char *const fields[] = {"Precedence", "X-Precedence"};
    for (size_t i = 0; i < BB_COUNT(fields); i++)
        if (bb_istarts(bb_field_raw(c->m, c->m->root, fields[i]), BB_S("auto"))) return true; /* "auto_reply" */
    if (bb_ifind(bb_field_raw(c->m, c->m->root, "X-Mailer"), BB_S("autorespond")) != BB_NPOS) return true;
    return has_field(c, auto_fields, BB_COUNT(auto_fields));
}

static bool is_null(bb_str path)
{
    return bb_eq(path, BB_S("<>")) || bb_eq(path, BB_S("< >"));
}

static void put_somebody(bb_ctx *c, bb_str address, bool sender)
{
    bb_somebody *p = BB_PUSH(c->a, c->not_rcpts, c->n_not_rcpts, c->cap_not_rcpts);
    if (p) *p = (bb_somebody){bb_address_key(c, address), sender};
}

/* "bounce" of "bounce-TOKEN@example.com": answers shorten a return path that is one recipient's. */
static bb_str path_base(bb_str local)
{
    for (size_t i = 1; i < local.n; i++) {
        if (local.p[i] != '-' && local.p[i] != '+' && local.p[i] != '=') continue;
        return local.n - i > 16 || bb_chr(local, '=') != BB_NPOS ? bb_sub(local, 0, i) : (bb_str){0};
    }
    return (bb_str){0};
}

static void not_rcpt(bb_ctx *c, bb_str text, bool sender)
{
    for (bb_str address; c->n_not_rcpts < 64 && !bb_empty(address = bb_address_find(text, &text));) {
        bb_str local, domain;
        put_somebody(c, address, sender);
        if (!sender || !bb_address_split(address, &local, &domain)) continue;
        bb_str base = path_base(local);
        if (base.n) put_somebody(c, bb_sprintf(c->a, BB_FMT "@" BB_FMT, BB_ARG(base), BB_ARG(domain)), sender);
    }
}

/* Whoever sent the message that came back gets the report: To, and the return path inside, name him. Most reports are
 * read without a question about that. */
static void read_others(bb_ctx *c)
{
    if (c->others_read) return;
    c->others_read = true;
    static const char *const reports[] = {"From", "Cc", "Reply-To", "Return-Path"};
    static const char *const gets[] = {"To", "Delivered-To", "X-Original-To", "X-Postfix-Sender"};
    static const char *const sent[] = {"Return-Path", "From", "Reply-To", "Sender", "Errors-To"};
    for (size_t i = 0; i < BB_COUNT(gets); i++) not_rcpt(c, bb_field_raw(c->m, c->m->root, gets[i]), true);
    for (size_t i = 0; c->returned && i < BB_COUNT(sent); i++)
        not_rcpt(c, bb_field_raw(c->m, c->returned, sent[i]), true);
    for (size_t i = 0; i < BB_COUNT(reports); i++) not_rcpt(c, bb_field_raw(c->m, c->m->root, reports[i]), false);
}

static const bb_somebody *somebody(bb_ctx *c, bb_str key)
{
    read_others(c);
    for (size_t i = 0; i < c->n_not_rcpts; i++)
        if (bb_eq(key, c->not_rcpts[i].key)) return &c->not_rcpts[i];
    return NULL;
}

bool bb_is_not_rcpt(bb_ctx *c, bb_str address)
{
    return somebody(c, bb_address_key(c, address)) != NULL;
}

bool bb_is_sender(bb_ctx *c, bb_str key)
{
    const bb_somebody *who = somebody(c, key);
    return who && who->sender;
}

bool bb_is_at_senders_domain(bb_ctx *c, bb_str key)
{
    bb_str domain = bb_sub(key, bb_rchr(key, '@'), BB_NPOS);
    read_others(c);
    for (size_t i = 0; i < c->n_not_rcpts; i++)
        if (c->not_rcpts[i].sender && bb_iends(c->not_rcpts[i].key, domain)) return true;
    return false;
}

/* Does it read as mail systems sign? */
static bool is_daemons(bb_str text)
{
    bb_phrase_scan s = bb_phrases(NULL, text, BB_WORDS_DAEMONS);
    bb_phrase_hit hit;
    return bb_phrase_next(&s, &hit);
}

static unsigned path_signs(bb_ctx *c)
{
    bb_str path = bb_field_raw(c->m, c->m->root, "Return-Path"), to = bb_field_raw(c->m, c->m->root, "To");
    if (is_null(path)) return BB_SIGN_NULL_SENDER;
    /* A return path of MAILER-DAEMON is the null one as mbox writes it. */
    if (bb_ifind(path, BB_S("mailer-daemon")) != BB_NPOS) return BB_SIGN_DAEMON;
    bb_str sender = bb_address_find(path, NULL);
    if (bb_empty(sender) || is_daemons(sender)) return 0;
    bool to_self = bb_address_same(c->a, sender, bb_address_find(to, NULL));
    return BB_SIGN_SENDER | (to_self ? BB_SIGN_TO_SELF : 0);
}

static unsigned sender_signs(bb_ctx *c)
{
    bb_str from = bb_field_text(c->m, c->m->root, "From");
    unsigned signs = path_signs(c);
    c->from = bb_address_find(from, NULL);
    if (is_null(from) || bb_iends(bb_trim(from), BB_S(" <>"))) signs |= BB_SIGN_NULL_SENDER; /* "Mail System" <> */
    if (is_daemons(from)) signs |= BB_SIGN_DAEMON;
    return signs;
}

static unsigned subject_says(bb_str subject, unsigned *first)
{
    bb_phrase_scan s = bb_phrases(NULL, subject, BB_WORDS_ANNOUNCED);
    unsigned said = 0;
    *first = 0;
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit); said |= (unsigned)hit.sense)
        if (!said) *first = (unsigned)hit.sense;
    return said;
}

/* Is it more than a title ("your message "Your password"") or a server's reply that says something else? */
static bool says_else(bb_ctx *c, bb_str text)
{
    text = bb_without_titles(c->a, text, (bb_str){0});
    bb_phrase_scan s = bb_phrases(&c->found, text, BB_WORDS_ANNOUNCED);
    for (bb_phrase_hit hit; bb_phrase_next(&s, &hit);) {
        if (hit.sense != BB_SAYS_ELSE) continue;
        size_t from = hit.at;
        while (from && text.p[from - 1] != '\n' && !bb_starts(bb_sub(text, from - 1, 2), BB_S(". "))) from--;
        bb_reply reply;
        if (!bb_reply_find(bb_sub(text, from, hit.at - from), &reply)) return true;
    }
    return false;
}

static unsigned text_says(bb_ctx *c)
{
    bb_str text = bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN);
    unsigned said = bb_phrases_in(&c->found, text, BB_WORDS_ANNOUNCED);
    if (said & BB_SAYS_ELSE && !says_else(c, text)) said &= ~(unsigned)BB_SAYS_ELSE;
    return said;
}

void bb_signs_read(bb_ctx *c)
{
    const bb_part *root = c->m->root;
    unsigned signs = sender_signs(c) | mark_signs(c->r->subject);

    bool report = bb_istarts(root->type, BB_S("multipart/")) && bb_ieq(root->report_type, BB_S("delivery-status"));
    if (report || bb_field_get(root, "X-Failed-Recipients")) signs |= BB_SIGN_DSN;
    /* What list software says of its own is no list's mail, but a mail system's. */
    bool administers = bb_ieq(bb_field_raw(c->m, root, "X-List-Administrivia"), BB_S("yes"));
    if (administers) signs |= BB_SIGN_DAEMON;
    else if (has_field(c, list_fields, BB_COUNT(list_fields))) signs |= BB_SIGN_LIST;
    bb_str precedence = bb_field_raw(c->m, root, "Precedence");
    if (bb_istarts(precedence, BB_S("bulk")) || bb_istarts(precedence, BB_S("list"))) signs |= BB_SIGN_BULK;
    if (says_auto(c)) signs |= BB_SIGN_AUTO;
    if (bb_istarts(bb_field_raw(c->m, root, "Auto-Submitted"), BB_S("auto-generated"))) signs |= BB_SIGN_UNASKED;
    c->signs = signs;
}

void bb_words_read(bb_ctx *c)
{
    c->found = bb_phrases_read(c->a, c->r->text);
}

void bb_signs_of_words(bb_ctx *c)
{
    if (c->words_read) return;
    c->words_read = true;
    bb_words_read(c);
    unsigned first, signs = c->signs;
    unsigned there = c->subject_says = subject_says(c->r->subject, &first), here = c->text_says = text_says(c);
    if (there & (BB_SAYS_FAILED | BB_SAYS_DELAYED | BB_SAYS_LATE | BB_SAYS_REPLIED)) signs |= BB_SIGN_SUBJECT;
    if (here & (BB_SAYS_FAILED | BB_SAYS_DELAYED)) signs |= BB_SIGN_TEXT;
    if (here & BB_SAYS_REPLIED && (signs & (BB_SIGN_NULL_SENDER | BB_SIGN_DSN) || c->returned)) signs |= BB_SIGN_TEXT;
    if (((there | here) & BB_SAYS_DELAYED || there & BB_SAYS_LATE) && !(here & BB_SAYS_GAVE_UP))
        signs |= BB_SIGN_DELAYED;
    if ((there | here) & BB_SAYS_RECEIVED) signs |= BB_SIGN_DESK;
    if (first & BB_SAYS_SUMMARY) signs |= BB_SIGN_SUMMARY;
    c->signs = signs;
}

/* Does the subject speak of mail? Parcels and faxes are not delivered, too. */
static bool is_of_mail(bb_str subject)
{
    static const char *const words[] = {"mail",    "messag", "nachricht", "bericht", "mensaje", "mensagem", "meddel",
                                        "wiadomo", "zpráv",  "viesti",    "письм",   "лист",    "levele",   "levél",
                                        "mesaj",   "corre",  "courri",    "poruk",   "pesan",   "съобщ",    "повідом",
                                        "ήνυμα",   "رسال",   "הודע",      "ข้อความ",  "сообщ",   "ileti",    "メール",
                                        "邮件",    "郵件",   "메일"};
    for (size_t i = 0; i < BB_COUNT(words); i++)
        if (bb_ifind(subject, bb_cstr(words[i])) != BB_NPOS) return true;
    return false;
}

/* Worms came in a mail system's name, packed. What came back is never packed. */
static bool carries_archive(const bb_ctx *c)
{
    static const char *const types[] = {"application/zip",    "application/x-zip", "application/gzip",
                                        "application/x-gzip", "application/x-rar", "application/vnd.rar",
                                        "application/x-7z"};
    for (const bb_part *p = NULL; (p = bb_own_next(c, p)) != NULL;)
        for (size_t i = 0; i < BB_COUNT(types); i++)
            if (bb_starts(p->type, bb_cstr(types[i]))) return true;
    return false;
}

bool bb_announces(bb_ctx *c)
{
    bb_signs_of_words(c);
    unsigned s = c->signs;
    if (!(s & (BB_SIGN_SUBJECT | BB_SIGN_TEXT))) return false;
    /* Cron jobs, monitors and log summaries write about bounces; a bounce has its message with it, or its form. */
    bool form = c->returned || s & BB_SIGN_DSN, both = s & BB_SIGN_SUBJECT && s & BB_SIGN_TEXT;
    if (!form && (s & BB_SIGN_SUMMARY || c->text_says & BB_SAYS_ELSE || carries_archive(c))) return false;
    if (!form && s & BB_SIGN_UNASKED && !(s & BB_SIGN_DAEMON)) {
        bool by_program = s & BB_SIGN_NULL_SENDER && both && is_of_mail(c->r->subject);
        if (!by_program) return false;
    }
    /* People and programs write to themselves; a mail system that a list passes on does not. */
    bool passed_on = s & BB_SIGN_DAEMON && s & BB_SIGN_LIST && s & BB_SIGN_TO_SELF && both;
    /* A magazine in a daemon's name, or what a postmaster tells everybody, written in a mail reader. */
    if (!form && s & BB_SIGN_BULK && !passed_on) {
        bool written = !bb_empty(bb_field_raw(c->m, c->m->root, "User-Agent"));
        if (written || !(s & BB_SIGN_NULL_SENDER)) return false;
    }
    if (!form && s & BB_SIGN_TO_SELF && !passed_on) return false;
    /* A person tells of the bounce he got. A name anybody can give himself. */
    if (!form && s & BB_SIGN_SENDER && !is_daemons(c->from)) return false;
    if (s & (BB_SIGN_NULL_SENDER | BB_SIGN_DSN)) return true; /* nobody writes so about a bounce that he got */
    if (s & BB_SIGN_REPLY) return false;
    /* A list that takes its own bounces marks them as its mail. */
    if (s & BB_SIGN_LIST) return s & BB_SIGN_DAEMON && (both || c->returned);
    if (form) return s & BB_SIGN_DAEMON || both;
    /* Postmasters write letters; a report says so at its head, and what is only late acts on nobody. */
    return s & (BB_SIGN_SUBJECT | BB_SIGN_DELAYED) && is_daemons(c->from);
}

static bool quotes_a_server(bb_str words)
{
    bb_reply reply;
    if (bb_reply_find(words, &reply) && reply.code >= 400) return true;
    return bb_status_says(bb_status_find(words));
}

/* Does an address stand at the head of a line or paragraph, as in a list of those that failed? */
static bool lists_somebody(bb_ctx *c, bb_str words)
{
    bb_block block;
    while (bb_block_next(c, &words, &block))
        if (!bb_is_not_rcpt(c, block.address)) return true;
    return false;
}

bool bb_has_evidence(bb_ctx *c)
{
    bb_str words = bb_sub(c->r->text, 0, BB_ANNOUNCED_WITHIN);
    if (c->signs & BB_SIGN_DSN) return true;
    bool answers = c->signs & BB_SIGN_AUTO && !(c->signs & BB_SIGN_DAEMON) && !c->returned;
    if (quotes_a_server(words) && (!answers || bb_mentions_any(c, words))) return true;
    /* Help desks send back what they answer, and lists of their own. */
    bool both = c->signs & BB_SIGN_SUBJECT && c->signs & BB_SIGN_TEXT;
    bool unasked = c->signs & BB_SIGN_NULL_SENDER && both && !(c->signs & BB_SIGN_DESK);
    if (c->signs & BB_SIGN_AUTO && !(c->signs & BB_SIGN_DAEMON) && !unasked) return false;
    if (c->returned || lists_somebody(c, words)) return true;
    bool by_program = c->signs & BB_SIGN_NULL_SENDER || (c->signs & BB_SIGN_DAEMON && both);
    return by_program && bb_mentions_any(c, words);
}
