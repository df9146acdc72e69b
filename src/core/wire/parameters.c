/* SPDX-License-Identifier: MIT
 *
 * The arguments of MAIL and RCPT: a path (RFC 5321 section 4.1.2) and parameters, one row of a table each.
 *
 * Paths are taken as they come, since a bounce to a misspelt return path is still a bounce. What Postfix itself says in
 * a parameter (SIZE, BODY, RET, NOTIFY) is held to its RFC; what strangers say through it (ENVID, ORCPT) never costs a
 * mail.
 */
#include "core/wire/internal.h"

typedef struct {
    bb_arena *arena;
    bb_lmtp_envelope *mail;  /* of MAIL */
    bb_lmtp_recipient *rcpt; /* of RCPT */
} target;

typedef struct {
    const char *name;
    bool has_value;
    bool (*read)(target *t, bb_str value); /* false: the value is none of this parameter's */
} parameter;

/* ---- values ------------------------------------------------------------------------------------- */

static bool ignore(target *t, bb_str value)
{
    (void)t, (void)value;
    return true;
}

static bool read_size(target *t, bb_str value) /* RFC 1870 section 5: 1 to 20 digits */
{
    return value.n <= 20 && bb_u64(value, &t->mail->size);
}

static bool read_body(target *t, bb_str value) /* RFC 6152 section 2 */
{
    t->mail->eightbit = bb_ieq(value, BB_S("8BITMIME"));
    return t->mail->eightbit || bb_ieq(value, BB_S("7BIT"));
}

static bool read_smtputf8(target *t, bb_str value)
{
    (void)value;
    t->mail->smtputf8 = true;
    return true;
}

static bool read_ret(target *t, bb_str value) /* RFC 3461 section 4.3 */
{
    if (bb_ieq(value, BB_S("FULL"))) t->mail->ret = BB_LMTP_RET_FULL;
    if (bb_ieq(value, BB_S("HDRS"))) t->mail->ret = BB_LMTP_RET_HDRS;
    return t->mail->ret != BB_LMTP_RET_UNSAID;
}

static bool read_envid(target *t, bb_str value) /* RFC 3461 section 4.4 */
{
    bb_str plain = wire_xtext(t->arena, value);
    t->mail->envid = plain.n ? plain : value;
    return true;
}

static bool read_notify(target *t, bb_str value) /* RFC 3461 section 4.1 */
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"NEVER", BB_LMTP_NOTIFY_NEVER},
                 {"SUCCESS", BB_LMTP_NOTIFY_SUCCESS},
                 {"FAILURE", BB_LMTP_NOTIFY_FAILURE},
                 {"DELAY", BB_LMTP_NOTIFY_DELAY}};
    bb_str word;
    while (bb_split(&value, ',', &word)) {
        unsigned bit = 0;
        for (size_t i = 0; i < BB_COUNT(words); i++)
            if (bb_ieq(word, bb_cstr(words[i].word))) bit = words[i].bit;
        if (!bit) return false;
        t->rcpt->notify |= bit;
    }
    bool never = t->rcpt->notify & BB_LMTP_NOTIFY_NEVER;
    return t->rcpt->notify && (!never || t->rcpt->notify == BB_LMTP_NOTIFY_NEVER);
}

static bool read_orcpt(target *t, bb_str value) /* RFC 3461 section 4.2, RFC 6533 section 3 */
{
    size_t semicolon = bb_chr(value, ';');
    bb_str coded = semicolon == BB_NPOS ? value : bb_sub(value, semicolon + 1, BB_NPOS);
    if (semicolon != BB_NPOS) t->rcpt->orcpt_type = bb_sub(value, 0, semicolon);
    bool utf8 = bb_ieq(t->rcpt->orcpt_type, BB_S("utf-8"));
    bb_str plain = utf8 ? wire_utf8_xtext(t->arena, coded) : wire_xtext(t->arena, coded);
    t->rcpt->orcpt = plain.n ? plain : coded;
    return true;
}

static const parameter mail_parameters[] = {
    {"SIZE", true, read_size}, {"BODY", true, read_body},   {"SMTPUTF8", false, read_smtputf8},
    {"RET", true, read_ret},   {"ENVID", true, read_envid}, {"AUTH", true, ignore},
};
static const parameter rcpt_parameters[] = {
    {"NOTIFY", true, read_notify},
    {"ORCPT", true, read_orcpt},
};

/* ---- words -------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool take_word(bb_str *rest, bb_str *word)
{
    size_t n = 0;
    *rest = bb_trim(*rest);
    while (n < rest->n && !is_blank(rest->p[n])) n++;
    *word = bb_sub(*rest, 0, n);
    *rest = bb_sub(*rest, n, BB_NPOS);
    return n > 0;
}

/* RFC 5321 section 4.1.1.11: 555 for one we do not know; 501 for one that is wrong, or there twice. */
static const wire_reply *read_parameters(target *t, bb_str rest, const parameter *rows, size_t n)
{
    static const wire_reply unknown = {555, "5.5.4", "Parameter not recognized"},
                            wrong = {501, "5.5.4", "Parameter with a wrong value"},
                            again = {501, "5.5.4", "Parameter twice"};
    unsigned seen = 0;
    bb_str word;
    while (take_word(&rest, &word)) {
        size_t equals = bb_chr(word, '='), row = 0;
        while (row < n && !bb_ieq(bb_sub(word, 0, equals), bb_cstr(rows[row].name))) row++;
        if (row == n) return &unknown;
        if (seen & 1u << row) return &again;
        seen |= 1u << row;
        bb_str value = equals == BB_NPOS ? (bb_str){0} : bb_sub(word, equals + 1, BB_NPOS);
        if (rows[row].has_value ? bb_empty(value) : equals != BB_NPOS) return &wrong;
        if (!rows[row].read(t, value)) return &wrong;
    }
    return NULL;
}

/* ---- paths -------------------------------------------------------------------------------------- */

/* Where the > is that ends the path in s, which starts behind the <. A > within quotes does not, unless the quotes
 * never end. */
static size_t path_end(bb_str s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') i++;
        else if (s.p[i] == '"') quoted = !quoted;
        else if (s.p[i] == '>' && !quoted) return i;
    }
    return bb_chr(s, '>');
}

/* "<@a,@b:user@example.com>": the route is obsolete and may be ignored (RFC 5321 section 4.1.1.3, appendix C). */
static bb_str without_route(bb_str address)
{
    size_t colon = bb_starts(address, BB_S("@")) ? bb_chr(address, ':') : BB_NPOS;
    return colon == BB_NPOS ? address : bb_sub(address, colon + 1, BB_NPOS);
}

/* Takes `keyword` and a path off *rest; without <> it ends at a blank. False: there is none. */
static bool take_path(bb_str *rest, bb_str keyword, bb_str *address)
{
    *rest = bb_trim(*rest);
    if (!bb_istarts(*rest, keyword)) return false;
    *rest = bb_trim(bb_sub(*rest, keyword.n, BB_NPOS));
    if (!bb_starts(*rest, BB_S("<"))) return take_word(rest, address);
    bb_str inside = bb_sub(*rest, 1, BB_NPOS);
    size_t end = path_end(inside);
    if (end == BB_NPOS) return false;
    *address = without_route(bb_trim(bb_sub(inside, 0, end)));
    *rest = bb_sub(inside, end + 1, BB_NPOS);
    return bb_empty(*rest) || is_blank(rest->p[0]);
}

/* ---- both --------------------------------------------------------------------------------------- */

const wire_reply *wire_read_mail(bb_arena *a, bb_str args, bb_lmtp_envelope *out)
{
    static const wire_reply syntax = {501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]"};
    target t = {.arena = a, .mail = out};
    if (!take_path(&args, BB_S("FROM:"), &out->sender)) return &syntax;
    return read_parameters(&t, args, mail_parameters, BB_COUNT(mail_parameters));
}

const wire_reply *wire_read_rcpt(bb_arena *a, bb_str args, bb_lmtp_recipient *out)
{
    static const wire_reply syntax = {501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]"},
                            nobody = {501, "5.1.3", "Recipient without an address"};
    target t = {.arena = a, .rcpt = out};
    if (!take_path(&args, BB_S("TO:"), &out->address)) return &syntax;
    if (bb_empty(out->address)) return &nobody;
    return read_parameters(&t, args, rcpt_parameters, BB_COUNT(rcpt_parameters));
}
