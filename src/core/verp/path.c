/* SPDX-License-Identifier: MIT
 *
 * Return paths, read and written. What others wrapped around ours (BATV, SRS) is undone first.
 */
#include "core/base/address.h"
#include "core/verp/verp.h"

#define DELIMITER     '+'
#define PREFIX        BB_S("bounce-")
#define UNSUBSCRIBE   BB_S("unsubscribe-")
#define PLAIN_DIGITS  18 /* every number of that length fits 64 bits */
#define MAX_WRAPPINGS 4

const char *bb_form_word(bb_form f)
{
    static const char *const words[] = {"",        "signed",      "plain", "verp", "signed-verp",
                                        "mailing", "unsubscribe", "envid"};
    return (size_t)f < BB_COUNT(words) ? words[f] : "";
}

/* ---- wrappings -------------------------------------------------------------------------------------- */

/* Takes a field and the `sep` behind it off *rest; false where either is not there. */
static bool take_field(bb_str *rest, bb_str sep, bb_str *field)
{
    size_t end = bb_find(*rest, sep);
    if (end == BB_NPOS || !end) return false;
    *field = bb_sub(*rest, 0, end);
    *rest = bb_sub(*rest, end + sep.n, BB_NPOS);
    return true;
}

/* BATV (draft-levine-smtp-batv-01 section 4): "prvs=TAG=local", what Barracuda's and Momentum make of it. */
static bool unwrap_batv(bb_str *local)
{
    static const struct {
        bb_str prefix, sep;
    } tags[] = {{{"prvs=", 5}, {"=", 1}}, {{"btv1==", 6}, {"==", 2}}, {{"msprvs1=", 8}, {"=", 1}}};
    for (size_t i = 0; i < BB_COUNT(tags); i++) {
        if (!bb_istarts(*local, tags[i].prefix)) continue;
        bb_str tag, rest = bb_sub(*local, tags[i].prefix.n, BB_NPOS);
        if (!take_field(&rest, tags[i].sep, &tag) || !rest.n) return false;
        *local = rest;
        return true;
    }
    return false;
}

static bool is_srs_separator(char c)
{
    return c == '=' || c == '+' || c == '-';
}

/* What stands behind the mark: "hash=time=domain=local". Only the first separator is the forwarder's choice. */
static bool unwrap_srs_rest(bb_str rest, bb_str *local, bb_str *domain)
{
    bb_str hash, stamp, host;
    if (!take_field(&rest, BB_S("="), &hash) || !take_field(&rest, BB_S("="), &stamp) ||
        !take_field(&rest, BB_S("="), &host) || !rest.n)
        return false;
    *local = rest;
    *domain = host;
    return true;
}

/* SRS (libsrs2): "SRS0=hash=time=domain=local"; behind a second forwarder "SRS1=hash=first==hash=time=domain=local",
 * which repeats what stood behind the first one's "SRS0", separator and all. */
static bool unwrap_srs(bb_str *local, bb_str *domain)
{
    bool once = bb_istarts(*local, BB_S("SRS0")), twice = bb_istarts(*local, BB_S("SRS1"));
    if ((!once && !twice) || local->n < 5 || !is_srs_separator(local->p[4])) return false;
    bb_str hash, first, rest = bb_sub(*local, 5, BB_NPOS);
    if (twice) {
        if (!take_field(&rest, BB_S("="), &hash) || !take_field(&rest, BB_S("="), &first)) return false;
        if (!rest.n || !is_srs_separator(rest.p[0])) return false;
        rest = bb_sub(rest, 1, BB_NPOS);
    }
    return unwrap_srs_rest(rest, local, domain);
}

/* Microsoft 365 puts it behind the mailbox that forwards: "user+SRS=hash=time=domain=local". */
static bool unwrap_srs_behind(bb_str *local, bb_str *domain)
{
    size_t plus = bb_chr(*local, DELIMITER);
    bb_str mark = BB_S("+SRS="), rest = plus == BB_NPOS ? (bb_str){0} : bb_sub(*local, plus, BB_NPOS);
    return plus && bb_istarts(rest, mark) && unwrap_srs_rest(bb_sub(rest, mark.n, BB_NPOS), local, domain);
}

static void unwrap(bb_str *local, bb_str *domain)
{
    for (int i = 0; i < MAX_WRAPPINGS; i++)
        if (!unwrap_batv(local) && !unwrap_srs(local, domain) && !unwrap_srs_behind(local, domain)) return;
}

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool could_be_domain(bb_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!bb_is_alnum(c) && (unsigned char)c < 0x80 && bb_chr(BB_S("-._:[]"), c) == BB_NPOS) return false;
    }
    return s.n > 0;
}

static bool read_token(bb_arena *a, bb_str local, bb_str prefix, bb_form form, bb_return_path *out)
{
    bb_token fields;
    bb_str token = bb_sub(local, prefix.n, BB_NPOS);
    if (!bb_istarts(local, prefix) || !bb_token_peek(token, &fields)) return false;
    out->form = form;
    out->token = bb_lowered(a, token);
    return true;
}

static bool read_plain(bb_str local, bb_return_path *out)
{
    uint64_t value;
    bb_str number = bb_sub(local, PREFIX.n, BB_NPOS);
    if (!bb_istarts(local, PREFIX) || number.n > PLAIN_DIGITS || !bb_u64(number, &value)) return false;
    out->form = BB_FORM_PLAIN;
    out->number = number;
    return true;
}

static bb_str join(bb_arena *a, bb_str local, bb_str domain)
{
    bb_buf b = bb_buf_in(a, local.n + 1 + domain.n);
    bb_put(&b, local);
    bb_putc(&b, '@');
    bb_put(&b, domain);
    return bb_buf_str(&b);
}

static bb_str quoted(bb_arena *a, bb_str local)
{
    bb_buf b = bb_buf_in(a, 2 * local.n + 2);
    bb_putc(&b, '"');
    for (size_t i = 0; i < local.n; i++) {
        if (local.p[i] == '"' || local.p[i] == '\\') bb_putc(&b, '\\');
        bb_putc(&b, local.p[i]);
    }
    bb_putc(&b, '"');
    return bb_buf_str(&b);
}

/* Brackets and white space around an address are taken off where people write it, but do not stand in a return path. */
static bool is_whole_address(bb_arena *a, bb_str s)
{
    bb_address read;
    return bb_address_read(a, s, &read, NULL) && read.spelled.n == s.n;
}

/* "user=domain" back to an address; the last = divides. Postfix writes the local part without quotes and quotes the
 * return path as a whole where that needs it; hence the second try. */
static bool read_recipient(bb_arena *a, bb_str inner, bb_str *victim)
{
    size_t equals = bb_rchr(inner, '=');
    if (equals == BB_NPOS || inner.n > BB_ADDRESS_MAX) return false;
    bb_str user = bb_sub(inner, 0, equals), domain = bb_sub(inner, equals + 1, BB_NPOS);
    *victim = join(a, user, domain);
    if (is_whole_address(a, *victim)) return true;
    *victim = join(a, quoted(a, user), domain);
    return user.n && is_whole_address(a, *victim);
}

/* A mailing's token, alone as it is given to a server with XVERP, or with the recipient that the server put behind. */
static bool read_mailing(bb_arena *a, bb_str local, bb_return_path *out)
{
    bb_token fields;
    bb_str token = bb_sub(local, PREFIX.n, BB_TAG_LEN), rest = bb_sub(local, PREFIX.n + BB_TAG_LEN, BB_NPOS);
    if (!bb_istarts(local, PREFIX) || !bb_tag_peek(token, &fields)) return false;
    if (rest.n && (rest.p[0] != DELIMITER || !read_recipient(a, bb_sub(rest, 1, BB_NPOS), &out->victim))) return false;
    out->form = BB_FORM_MAILING;
    out->token = bb_lowered(a, token);
    return true;
}

/* No domain is of this shape, so a tag that was damaged on the way does not become the recipient's domain. */
static bool could_be_tag(bb_str s)
{
    return s.n == BB_TAG_LEN && bb_lower(s.p[0]) == BB_TOKEN_VERSION && bb_chr(s, '.') == BB_NPOS;
}

/* "base+user=domain", and with a tag "base+user=domain=tag". */
static bool read_verp(bb_arena *a, bb_str local, bb_return_path *out)
{
    size_t plus = bb_chr(local, DELIMITER);
    bb_str inner = plus == BB_NPOS ? (bb_str){0} : bb_sub(local, plus + 1, BB_NPOS);
    size_t equals = bb_rchr(inner, '=');
    if (!plus || equals == BB_NPOS) return false;
    bb_str last = bb_sub(inner, equals + 1, BB_NPOS);
    out->base = bb_sub(local, 0, plus);
    if (could_be_tag(last) && read_recipient(a, bb_sub(inner, 0, equals), &out->victim)) {
        out->form = BB_FORM_SIGNED_VERP;
        out->token = bb_lowered(a, last);
        return true;
    }
    out->form = BB_FORM_VERP;
    return read_recipient(a, inner, &out->victim);
}

static bool read_envid(bb_arena *a, bb_str text, bb_return_path *out)
{
    bb_return_path path = {.address = bb_trim(text)};
    if (!read_token(a, path.address, (bb_str){0}, BB_FORM_ENVID, &path) || a->failed) return false;
    *out = path;
    return true;
}

bool bb_return_path_may_be_in(bb_str text)
{
    return bb_chr(text, '-') != BB_NPOS || bb_chr(text, '=') != BB_NPOS;
}

/* Whatever is wrapped, and a recipient in a return path, has a "="; all others begin with one of our words. */
static bool is_of_some_form(bb_str local)
{
    return bb_istarts(local, PREFIX) || bb_istarts(local, UNSUBSCRIBE) || bb_chr(local, '=') != BB_NPOS;
}

bool bb_return_path_read(bb_arena *a, bb_str address, bb_return_path *out)
{
    bb_str local, domain;
    if (!bb_address_split(address, &local, &domain)) return read_envid(a, address, out);
    bb_return_path path = {.address = {local.p, local.n + 1 + domain.n}};
    local = bb_local_unquoted(a, local);
    if (!is_of_some_form(local) || !could_be_domain(domain)) return false;
    unwrap(&local, &domain);
    path.domain = domain;
    if (!read_token(a, local, PREFIX, BB_FORM_SIGNED, &path) &&
        !read_token(a, local, UNSUBSCRIBE, BB_FORM_UNSUBSCRIBE, &path) && !read_plain(local, &path) &&
        !read_mailing(a, local, &path) && !read_verp(a, local, &path))
        return false;
    if (a->failed || !could_be_domain(domain)) return false;
    *out = path;
    return true;
}

/* ---- verifying -------------------------------------------------------------------------------------- */

/* What a tag vouches for beside its fields, in the one spelling that case folding on the way cannot change. Neither a
 * domain nor an address holds a NUL, so no two triples give the same text. Empty: no memory. */
static bb_str bound_text(bb_arena *a, bb_str base, bb_str key, bb_str domain)
{
    bb_buf b = bb_buf_in(a, base.n + key.n + domain.n + 2);
    bb_put(&b, bb_lowered(a, base));
    bb_putc(&b, '\0');
    bb_put(&b, key);
    bb_putc(&b, '\0');
    bb_put(&b, domain);
    return bb_buf_str(&b);
}

/* Lower-case A-label. */
static bool read_domain(bb_arena *a, bb_str domain, bb_str *out, bb_err *err)
{
    bb_address read;
    if (!bb_address_read(a, join(a, BB_S("x"), domain), &read, err)) return false;
    *out = read.domain;
    return true;
}

static bool bound_of(bb_arena *a, const bb_return_path *p, bb_str *out)
{
    bb_address victim;
    bb_str domain;
    if (!bb_address_read(a, p->victim, &victim, NULL) || !read_domain(a, p->domain, &domain, NULL)) return false;
    *out = bound_text(a, p->base, victim.key, domain);
    return !a->failed;
}

bool bb_return_path_is_probe(const bb_return_path *p)
{
    bb_token token;
    return p->form == BB_FORM_SIGNED && bb_token_peek(p->token, &token) && !token.subscriber;
}

bb_token_result bb_return_path_verify(bb_arena *a, const bb_keyring *ring, const bb_return_path *p, bb_time at,
                                      int64_t lifetime, bb_token *out)
{
    bb_str bound;
    bb_purpose purpose = bb_return_path_is_probe(p) ? BB_PURPOSE_PROBE : BB_PURPOSE_RETURN_PATH;
    switch (p->form) {
    case BB_FORM_SIGNED: return bb_token_decode(ring, purpose, p->token, at, lifetime, out);
    case BB_FORM_ENVID: return bb_token_decode(ring, BB_PURPOSE_ENVID, p->token, at, lifetime, out);
    case BB_FORM_UNSUBSCRIBE: return bb_token_decode(ring, BB_PURPOSE_UNSUBSCRIBE, p->token, at, 0, out);
    case BB_FORM_MAILING: return bb_tag_decode(ring, BB_PURPOSE_MAILING, (bb_str){0}, p->token, at, lifetime, out);
    case BB_FORM_SIGNED_VERP:
        if (!bound_of(a, p, &bound)) return BB_TOKEN_MALFORMED;
        return bb_tag_decode(ring, BB_PURPOSE_TAG, bound, p->token, at, lifetime, out);
    case BB_FORM_NONE:
    case BB_FORM_PLAIN:
    case BB_FORM_VERP: break;
    }
    return BB_TOKEN_MALFORMED;
}

bool bb_return_path_peek(const bb_return_path *p, bb_token *out)
{
    return bb_token_peek(p->token, out) || bb_tag_peek(p->token, out);
}

/* ---- writing ---------------------------------------------------------------------------------------- */

static bool is_ascii(bb_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80) return false;
    return true;
}

static bool compose(bb_arena *a, bb_str local, bb_str domain, bb_str *out, bb_err *err)
{
    bb_address read;
    if (!bb_address_read(a, join(a, local, domain), &read, err)) return bb_fail_in(err, "return path");
    bb_str whole = join(a, local, read.domain);
    if (a->failed) return bb_fail(err, BB_ENOMEM, "out of memory");
    *out = whole;
    return true;
}

static bool write_token(bb_arena *a, bb_str prefix, const char *token, bb_str domain, bb_str *out, bb_err *err)
{
    bb_token fields;
    if (!bb_token_peek(bb_cstr(token), &fields)) return bb_fail(err, BB_EDATA, "not a token");
    return compose(a, bb_cat(a, prefix, bb_lowered(a, bb_cstr(token)), BB_S("")), domain, out, err);
}

bool bb_return_path_signed(bb_arena *a, const char *token, bb_str domain, bb_str *out, bb_err *err)
{
    return write_token(a, PREFIX, token, domain, out, err);
}

bool bb_return_path_unsubscribe(bb_arena *a, const char *token, bb_str domain, bb_str *out, bb_err *err)
{
    return write_token(a, UNSUBSCRIBE, token, domain, out, err);
}

bool bb_return_path_plain(bb_arena *a, uint64_t number, bb_str domain, bb_str *out, bb_err *err)
{
    bb_str local = bb_sprintf(a, "bounce-%llu", (unsigned long long)number);
    if (local.n > PREFIX.n + PLAIN_DIGITS)
        return bb_fail(err, BB_EDATA, "a number of more than %d digits", PLAIN_DIGITS);
    return compose(a, local, domain, out, err);
}

/* ---- writing recipients into them -------------------------------------------------------------------- */

static bool read_writable(bb_arena *a, bb_str recipient, bb_address *to, bb_err *err)
{
    if (!bb_address_read(a, recipient, to, err)) return bb_fail_in(err, "recipient");
    if (to->local.p[0] == '"')
        return bb_fail(err, BB_EDATA, "a recipient that needs quotes does not fit a return path");
    if (!is_ascii(to->local)) return bb_fail(err, BB_EDATA, "only ASCII fits a return path of this form");
    return true;
}

/* What stands before the @: "base+user=domain", and "=tag" where there is one. */
static bb_str with_recipient(bb_arena *a, bb_str base, char delimiter, const bb_address *to, bb_str tag)
{
    bb_buf b = bb_buf_in(a, base.n + to->local.n + to->domain.n + tag.n + 3);
    bb_put(&b, base);
    bb_putc(&b, delimiter);
    bb_put(&b, to->local);
    bb_putc(&b, '=');
    bb_put(&b, to->domain);
    if (tag.n) bb_putc(&b, '=');
    bb_put(&b, tag);
    return bb_buf_str(&b);
}

/* Whatever cannot be read back as it was meant is not written: a base that reads as something else, mostly. */
static bool reads_back(bb_arena *a, bb_str whole, const bb_return_path *as, const bb_address *to, bb_err *err)
{
    bb_return_path back;
    if (bb_return_path_read(a, whole, &back) && back.form == as->form && bb_eq(back.base, as->base) &&
        bb_eq(back.token, as->token) && bb_eq(back.victim, join(a, to->local, to->domain)))
        return true;
    return bb_fail(err, BB_EDATA, "not to be read back: the base must be a word without %c, and the delimiter %c",
                   DELIMITER, DELIMITER);
}

bool bb_return_path_verp(bb_arena *a, bb_str base, char delimiter, bb_str recipient, bb_str domain, bb_str *out,
                         bb_err *err)
{
    bb_address to;
    bb_str whole;
    bb_return_path as = {.form = BB_FORM_VERP, .base = base};
    if (!read_writable(a, recipient, &to, err)) return false;
    if (!compose(a, with_recipient(a, base, delimiter, &to, (bb_str){0}), domain, &whole, err)) return false;
    if (!is_ascii(base)) return bb_fail(err, BB_EDATA, "only ASCII fits a return path of this form");
    if (!reads_back(a, whole, &as, &to, err)) return false;
    *out = whole;
    return true;
}

bool bb_return_path_signed_verp(bb_arena *a, const bb_key *key, bb_token token, bb_str base, bb_str recipient,
                                bb_str domain, bb_str *out, bb_err *err)
{
    char tag[BB_TAG_LEN + 1];
    bb_address to;
    bb_str host, whole;
    bb_return_path as = {.form = BB_FORM_SIGNED_VERP, .base = base, .token = {tag, BB_TAG_LEN}};
    if (!read_writable(a, recipient, &to, err)) return false;
    if (!is_ascii(base)) return bb_fail(err, BB_EDATA, "only ASCII fits a return path of this form");
    if (!read_domain(a, domain, &host, err)) return bb_fail_in(err, "return path");
    if (!bb_tag_encode(key, BB_PURPOSE_TAG, bound_text(a, base, to.key, host), token, tag))
        return bb_fail(err, BB_EDATA, "key ids are 1 to 255");
    if (!compose(a, with_recipient(a, base, DELIMITER, &to, as.token), host, &whole, err)) return false;
    if (!reads_back(a, whole, &as, &to, err)) return false;
    *out = whole;
    return true;
}

bool bb_return_path_mailing(bb_arena *a, const bb_key *key, bb_token token, bb_str recipient, bb_str domain,
                            bb_str *out, bb_err *err)
{
    char tag[BB_TAG_LEN + 1];
    bb_address to;
    if (!token.mailing) return bb_fail(err, BB_EDATA, "a mailing's return path without a mailing");
    if (!bb_tag_encode(key, BB_PURPOSE_MAILING, (bb_str){0}, token, tag))
        return bb_fail(err, BB_EDATA, "key ids are 1 to 255");
    bb_str local = bb_cat(a, PREFIX, bb_cstr(tag), BB_S("")), whole;
    if (!recipient.n) return compose(a, local, domain, out, err);
    bb_return_path as = {.form = BB_FORM_MAILING, .token = {tag, BB_TAG_LEN}};
    if (!read_writable(a, recipient, &to, err)) return false;
    if (!compose(a, with_recipient(a, local, DELIMITER, &to, (bb_str){0}), domain, &whole, err)) return false;
    if (!reads_back(a, whole, &as, &to, err)) return false;
    *out = whole;
    return true;
}
