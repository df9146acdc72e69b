/* SPDX-License-Identifier: MIT
 *
 * Return paths, read and written. What others wrapped around ours (BATV, SRS) is undone first.
 */
#include "core/base/address.h"
#include "core/verp/verp.h"

#define DELIMITER     '+'
#define PREFIX        BB_S("bounce-")
#define PLAIN_DIGITS  18 /* every number of that length fits 64 bits */
#define MAX_WRAPPINGS 4

const char *bb_form_word(bb_form f)
{
    static const char *const words[] = {"", "signed", "plain", "verp"};
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

/* BATV: "prvs=TAG=local", and the older "btv1==TAG==local" that some appliances still write. */
static bool unwrap_batv(bb_str *local)
{
    static const struct {
        bb_str prefix, sep;
    } tags[] = {{{"prvs=", 5}, {"=", 1}}, {{"btv1==", 6}, {"==", 2}}};
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

/* SRS: "SRS0=hash=time=domain=local", or behind a second forwarder "SRS1=hash=forwarder==hash=time=domain=local". */
static bool unwrap_srs(bb_str *local, bb_str *domain)
{
    bool once = bb_istarts(*local, BB_S("SRS0")), twice = bb_istarts(*local, BB_S("SRS1"));
    if ((!once && !twice) || local->n < 5 || !is_srs_separator(local->p[4])) return false;
    bb_str hash, stamp, host, rest = bb_sub(*local, 5, BB_NPOS);
    if (twice) {
        if (!take_field(&rest, BB_S("="), &hash) || !take_field(&rest, BB_S("="), &host)) return false;
        if (!rest.n || !is_srs_separator(rest.p[0])) return false;
        rest = bb_sub(rest, 1, BB_NPOS);
    }
    if (!take_field(&rest, BB_S("="), &hash) || !take_field(&rest, BB_S("="), &stamp) ||
        !take_field(&rest, BB_S("="), &host) || !rest.n)
        return false;
    *local = rest;
    *domain = host;
    return true;
}

static void unwrap(bb_str *local, bb_str *domain)
{
    for (int i = 0; i < MAX_WRAPPINGS && (unwrap_batv(local) || unwrap_srs(local, domain)); i++) {
    }
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

static bool read_signed(bb_arena *a, bb_str local, bb_return_path *out)
{
    bb_token fields;
    bb_str token = bb_sub(local, PREFIX.n, BB_NPOS);
    if (!bb_istarts(local, PREFIX) || !bb_token_peek(token, &fields)) return false;
    out->form = BB_FORM_SIGNED;
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

/* Postfix writes the recipient's local part without quotes and quotes the return path as a whole where that needs it;
 * hence the second try. */
static bool read_verp(bb_arena *a, bb_str local, bb_return_path *out)
{
    size_t plus = bb_chr(local, DELIMITER);
    bb_str inner = plus == BB_NPOS ? (bb_str){0} : bb_sub(local, plus + 1, BB_NPOS);
    size_t equals = bb_rchr(inner, '=');
    if (!plus || equals == BB_NPOS || inner.n > BB_ADDRESS_MAX) return false;
    bb_str user = bb_sub(inner, 0, equals), domain = bb_sub(inner, equals + 1, BB_NPOS);
    bb_str victim = join(a, user, domain);
    if (!is_whole_address(a, victim)) {
        victim = join(a, quoted(a, user), domain);
        if (!user.n || !is_whole_address(a, victim)) return false;
    }
    out->form = BB_FORM_VERP;
    out->base = bb_sub(local, 0, plus);
    out->victim = victim;
    return true;
}

bool bb_return_path_read(bb_arena *a, bb_str address, bb_return_path *out)
{
    bb_str local, domain;
    if (!bb_address_split(address, &local, &domain)) return false;
    bb_return_path path = {.address = {local.p, local.n + 1 + domain.n}};
    if (!could_be_domain(domain)) return false;
    local = bb_local_unquoted(a, local);
    unwrap(&local, &domain);
    path.domain = domain;
    if (!read_signed(a, local, &path) && !read_plain(local, &path) && !read_verp(a, local, &path)) return false;
    if (a->failed || !could_be_domain(domain)) return false;
    *out = path;
    return true;
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

bool bb_return_path_signed(bb_arena *a, const char *token, bb_str domain, bb_str *out, bb_err *err)
{
    bb_token fields;
    if (!bb_token_peek(bb_cstr(token), &fields)) return bb_fail(err, BB_EDATA, "not a token");
    bb_str lowered = bb_lowered(a, bb_cstr(token));
    return compose(a, bb_sprintf(a, "bounce-" BB_FMT, BB_ARG(lowered)), domain, out, err);
}

bool bb_return_path_plain(bb_arena *a, uint64_t number, bb_str domain, bb_str *out, bb_err *err)
{
    bb_str local = bb_sprintf(a, "bounce-%llu", (unsigned long long)number);
    if (local.n > PREFIX.n + PLAIN_DIGITS)
        return bb_fail(err, BB_EDATA, "a number of more than %d digits", PLAIN_DIGITS);
    return compose(a, local, domain, out, err);
}

bool bb_return_path_verp(bb_arena *a, bb_str base, char delimiter, bb_str recipient, bb_str domain, bb_str *out,
                         bb_err *err)
{
    bb_address to;
    bb_return_path back;
    bb_str whole;
    if (!bb_address_read(a, recipient, &to, err)) return bb_fail_in(err, "recipient");
    if (to.local.p[0] == '"') return bb_fail(err, BB_EDATA, "a recipient that needs quotes does not fit a return path");
    bb_buf local = bb_buf_in(a, base.n + to.local.n + to.domain.n + 2);
    bb_put(&local, base);
    bb_putc(&local, delimiter);
    bb_put(&local, to.local);
    bb_putc(&local, '=');
    bb_put(&local, to.domain);
    if (!is_ascii(bb_buf_str(&local))) return bb_fail(err, BB_EDATA, "only ASCII fits a return path of this form");
    if (!compose(a, bb_buf_str(&local), domain, &whole, err)) return false;
    if (!bb_return_path_read(a, whole, &back) || back.form != BB_FORM_VERP || !bb_eq(back.base, base) ||
        !bb_eq(back.victim, join(a, to.local, to.domain)))
        return bb_fail(err, BB_EDATA, "not to be read back: the base must be a word without %c, and the delimiter %c",
                       DELIMITER, DELIMITER);
    *out = whole;
    return true;
}
