/* SPDX-License-Identifier: MIT
 *
 * Delivery status notifications: RFC 3464 in RFC 6522, RFC 6533 when internationalised; the fields also
 * where programs hang them: in another multipart, another type, or in the human text itself.
 */
#include "core/report/internal.h"

#include <string.h>

/* One recipient's fields, as they stand there. */
typedef struct {
    bb_str original, final, actual, action, status, remote, diagnostic;
    bool any; /* something was read */
} fields;

/* "dns; mx.example.net [192.0.2.1]" is a host and what is known of it. */
static bb_str host_of(bb_str value)
{
    size_t semicolon = bb_chr(value, ';');
    value = bb_trim(semicolon == BB_NPOS ? value : bb_sub(value, semicolon + 1, BB_NPOS));
    size_t n = 0;
    while (n < value.n && !bb_is_space(value.p[n]) && value.p[n] != '(' && value.p[n] != '[' && value.p[n] != ',') n++;
    if (n == 0 && value.n && value.p[0] == '[') n = value.n; /* an address literal and nothing else */
    value = bb_sub(value, 0, n);
    while (value.n && value.p[value.n - 1] == '.') value.n--;
    return value;
}

/* "x-unix; 127": the exit status of a program (sysexits.h), which without its type could be anything. */
static bool is_exit_status(bb_str type, bb_str words)
{
    uint64_t status;
    return bb_ieq(type, BB_S("x-unix")) && words.n < 4 && bb_u64(words, &status);
}

/* RFC 3464 section 2.3.6: a type, then words. */
static bb_str words_of(bb_ctx *c, bb_str value)
{
    bb_str text = bb_trim(bb_value_text(c->m, value));
    size_t n = 0;
    while (n < text.n && (bb_is_alnum(text.p[n]) || text.p[n] == '-')) n++;
    if (!n || n >= text.n || text.p[n] != ';') return bb_one_line(c, text);
    bb_str words = bb_trim(bb_sub(text, n + 1, BB_NPOS));
    return bb_one_line(c, is_exit_status(bb_sub(text, 0, n), words) ? text : words);
}

/* "4.0.0 (host name lookup failure)": RFC 3464 section 2.3.4 lets the reporter add a comment. Names of classes (RFC 3463
 * section 2) say nothing that the code does not. */
static bb_str remark_of(bb_ctx *c, bb_str value)
{
    static const char *const classes[] = {"permanent failure", "persistent transient failure", "undefined status"};
    if (bb_chr(value, '(') == BB_NPOS && bb_chr(value, '=') == BB_NPOS) return (bb_str){0}; /* nor an encoded word */
    bb_str text = bb_one_line(c, bb_value_text(c->m, value));
    size_t open = bb_chr(text, '(');
    if (open == BB_NPOS || text.p[text.n - 1] != ')') return (bb_str){0};
    text = bb_trim(bb_sub(text, open + 1, text.n - open - 2));
    for (size_t i = 0; i < BB_COUNT(classes); i++)
        if (bb_ieq(text, bb_cstr(classes[i]))) return (bb_str){0};
    return text;
}

static bb_action action_of(bb_str value)
{
    static const struct {
        const char *stem;
        bb_action action;
    } stems[] = {{"fail", BB_ACTION_FAILED},       {"undeliver", BB_ACTION_FAILED}, {"delay", BB_ACTION_DELAYED},
                 {"deliver", BB_ACTION_DELIVERED}, {"relay", BB_ACTION_RELAYED},    {"expand", BB_ACTION_EXPANDED}};
    value = bb_trim(value);
    for (size_t i = 0; i < BB_COUNT(stems); i++)
        if (bb_begins(value, stems[i].stem)) return stems[i].action;
    return BB_ACTION_NONE;
}

/* Original-Envelope-Id is xtext (RFC 3461 section 4): "+3D" is "=". */
static bb_str xtext(bb_ctx *c, bb_str s)
{
    if (bb_chr(s, '+') == BB_NPOS) return s;
    bb_buf out = bb_buf_in(c->a, s.n);
    const bb_str digits = BB_S("0123456789ABCDEF");
    for (size_t i = 0; i < s.n; i++) {
        size_t high = i + 2 < s.n ? bb_chr(digits, s.p[i + 1]) : BB_NPOS;
        size_t low = i + 2 < s.n ? bb_chr(digits, s.p[i + 2]) : BB_NPOS;
        bool escaped = s.p[i] == '+' && high < 16 && low < 16;
        bb_putc(&out, escaped ? (char)(high << 4 | low) : s.p[i]);
        if (escaped) i += 2;
    }
    return bb_buf_str(&out);
}

/* What stands behind the type in a recipient field. */
static bb_str behind_type(bb_str value)
{
    return bb_trim(bb_sub(value, bb_chr(value, ';') + 1, BB_NPOS)); /* BB_NPOS + 1 is 0 */
}

/* The address of a recipient field. Postfix writes a quoted local part without its quotes ("rfc822;un known@x"): what
 * stands between the type and the address is a part of it then, and the address without it is somebody else's. */
static bb_str address_of(bb_ctx *c, bb_str field)
{
    if (bb_empty(field)) return field;
    bb_str found = bb_address_clean(c, field);
    if (bb_eq(found, behind_type(field))) return found; /* nearly always */
    bb_str all = behind_type(bb_value_text(c->m, field));
    size_t at = bb_rchr(all, '@');
    bool plain = bb_chr(all, '"') == BB_NPOS && bb_chr(all, '<') == BB_NPOS && bb_chr(all, '(') == BB_NPOS;
    bool cut = plain && !bb_empty(found) && found.n < all.n && bb_iends(all, found) && at != BB_NPOS &&
               bb_chr(bb_sub(all, 0, at), '@') == BB_NPOS && bb_chr(bb_sub(all, 0, at), ' ') != BB_NPOS;
    if (!cut || all.n > BB_ADDRESS_MAX - 2 || bb_has_control(all)) return found;
    return bb_sprintf(c->a, "\"" BB_FMT "\"" BB_FMT, BB_ARG(bb_sub(all, 0, at)), BB_ARG(bb_sub(all, at, BB_NPOS)));
}

/* What stands in a recipient field and is no address: "rfc822; jsmith" of a system that reports to its own users. */
static bb_str bare_name(bb_ctx *c, bb_str value)
{
    bb_str name = behind_type(bb_value_text(c->m, value));
    size_t n = 0;
    while (n < name.n && (bb_is_alnum(name.p[n]) || strchr("._-+", name.p[n]))) n++;
    return n == name.n && n <= 64 ? name : (bb_str){0};
}

/* A name alone is his whose address the message went to, else an account where the report comes from. */
static bb_str named_address(bb_ctx *c, bb_str value)
{
    bb_str name = bare_name(c, value), local, domain;
    if (bb_empty(name)) return name;
    bb_str to = c->returned ? bb_address_find(bb_field_raw(c->m, c->returned, "To"), NULL) : (bb_str){0};
    if (bb_address_split(to, &local, &domain) && bb_ieq(local, name)) return to;
    domain = c->r->reporting_mta;
    if (bb_chr(domain, '.') == BB_NPOS) return (bb_str){0};
    return bb_sprintf(c->a, BB_FMT "@" BB_FMT, BB_ARG(name), BB_ARG(domain));
}

/* An address at which the whole message was cut off goes on in the report's words, where they hold one that begins so. */
static bb_str whole_address(bb_ctx *c, bb_str value, bb_str address)
{
    bb_str words = c->r->text, hit;
    if (bb_empty(address) || value.p + value.n != c->m->bytes.p + c->m->bytes.n) return address;
    for (int n = 0; n < 100 && !bb_empty(hit = bb_address_find(words, &words)); n++)
        if (bb_istarts(hit, address)) return hit;
    return address;
}

static bb_str recipient_of(bb_ctx *c, bb_str value)
{
    bb_str address = whole_address(c, value, address_of(c, value));
    return bb_empty(address) && value.n ? bb_address_clean(c, named_address(c, value)) : address;
}

static void flush(bb_ctx *c, fields *f)
{
    if (!f->any) return;
    bb_str original = address_of(c, f->original);
    bb_str final = address_of(c, bb_empty(f->final) ? f->actual : f->final);
    if (bb_empty(final)) final = address_of(c, f->actual);
    bool cut = !bb_empty(f->final) && f->final.p + f->final.n == c->m->bytes.p + c->m->bytes.n;
    if (cut || (bb_empty(original) && bb_empty(final))) final = recipient_of(c, f->final);
    bb_rcpt_report *row = bb_row_of(c, original, final);
    bb_action action = action_of(f->action);
    /* One block a recipient; where two speak of the same one, the failure counts, with all that it says. */
    bool before = row && action != BB_ACTION_NONE && row->action == BB_ACTION_FAILED;
    if (row && !(before && action != BB_ACTION_FAILED)) {
        if (action == BB_ACTION_FAILED && row->action != BB_ACTION_NONE && !before)
            *row = (bb_rcpt_report){.recipient = row->recipient, .original = row->original, .final = row->final};
        if (row->action == BB_ACTION_NONE) row->action = action;
        if (bb_empty(row->original)) row->original = original;
        if (bb_empty(row->final)) row->final = final;
        if (!bb_status_says(row->status)) row->status = bb_status_find(bb_value_unfold(c->m, f->status));
        if (bb_empty(row->remote_mta)) row->remote_mta = host_of(bb_value_unfold(c->m, f->remote));
        if (bb_empty(row->remark)) row->remark = remark_of(c, f->status);
        if (bb_empty(row->diagnostic)) row->diagnostic = words_of(c, f->diagnostic);
    }
    *f = (fields){0};
}

static bb_str *slot(fields *f, bb_str name)
{
    if (bb_ieq(name, BB_S("Final-Recipient"))) return &f->final;
    if (bb_ieq(name, BB_S("Original-Recipient"))) return &f->original;
    if (bb_ieq(name, BB_S("X-Actual-Recipient"))) return &f->actual;
    if (bb_ieq(name, BB_S("Action"))) return &f->action;
    if (bb_ieq(name, BB_S("Status"))) return &f->status;
    if (bb_ieq(name, BB_S("Remote-MTA"))) return &f->remote;
    if (bb_ieq(name, BB_S("Diagnostic-Code"))) return &f->diagnostic;
    return NULL;
}

/* RFC 3464 section 2.2. */
static void per_message(bb_ctx *c, const bb_field *f)
{
    bb_report *r = c->r;
    if (bb_ieq(f->name, BB_S("Reporting-MTA")) && bb_empty(r->reporting_mta))
        r->reporting_mta = host_of(bb_value_unfold(c->m, f->value));
    if (bb_ieq(f->name, BB_S("Original-Envelope-Id")) && bb_empty(r->envelope_id))
        r->envelope_id = xtext(c, bb_value_unfold(c->m, f->value));
    if (bb_ieq(f->name, BB_S("X-Postfix-Sender"))) r->postfix_sender = bb_address_clean(c, f->value);
}

static bool names_somebody(const fields *f)
{
    return !bb_empty(f->final) || !bb_empty(f->original) || !bb_empty(f->actual);
}

/* A block of fields. Blocks run together where the empty line is missing, so that a field that comes
 * again begins the next recipient; and they fall apart, so that an empty line ends one only when the
 * next names somebody. */
static void read_block(bb_ctx *c, const bb_field *list, fields *pending)
{
    bool continued = pending->any;
    for (const bb_field *f = list; f && continued; f = f->next) {
        bb_str *s = slot(pending, f->name);
        continued = !s || bb_empty(*s);
    }
    if (!continued) flush(c, pending);
    for (const bb_field *f = list; f; f = f->next) {
        bb_str *s = slot(pending, f->name);
        if (!s) {
            per_message(c, f);
            continue;
        }
        if (!bb_empty(*s)) {
            flush(c, pending);
            s = slot(pending, f->name);
        }
        *s = f->value;
        pending->any = true;
    }
}

static void read_fields(bb_ctx *c, bb_str text)
{
    fields pending = {0};
    bb_str line;
    while (text.n) {
        bb_str before = text;
        bb_field *list = bb_fields_read(c->m, &text);
        if (list) read_block(c, list, &pending);
        if (text.p == before.p || text.n == before.n) bb_line(&text, &line); /* no field: on to the next line */
    }
    if (names_somebody(&pending)) flush(c, &pending);
}

static bool is_status_part(const bb_part *p)
{
    return bb_eq(p->type, BB_S("message/delivery-status")) || bb_eq(p->type, BB_S("message/global-delivery-status"));
}

/* Fields in the human text count only in mail that reports: people quote them. */
static bool read_prose(bb_ctx *c)
{
    bb_str text = c->r->text;
    if (bb_ifind(text, BB_S("l-Recipient:")) == BB_NPOS || !bb_announces(c)) return false;
    bool named =
        bb_ifind(text, BB_S("Final-Recipient:")) != BB_NPOS || bb_ifind(text, BB_S("Original-Recipient:")) != BB_NPOS;
    if (!named) return false;
    read_fields(c, text);
    return c->r->n_rcpts > 0;
}

static const bb_part *next_status_part(const bb_ctx *c, const bb_part *p)
{
    do p = bb_own_next(c, p);
    while (p && !is_status_part(p));
    return p;
}

/* Some label the part as base64 and write it plainly (RFC 3464 section 2.1 wants 7bit); base64 holds no "-". */
static bb_str status_text(bb_ctx *c, const bb_part *p)
{
    if (p->cte != BB_CTE_BASE64 || bb_ifind(p->body, BB_S("-Recipient:")) == BB_NPOS) return bb_part_text(c->m, p);
    bb_part plain = *p;
    plain.cte = BB_CTE_PLAIN;
    plain.kept = NULL;
    return bb_part_text(c->m, &plain);
}

bool bb_fmt_rfc3464(bb_ctx *c)
{
    const bb_part *p = next_status_part(c, NULL);
    if (!p) return read_prose(c);
    /* Whoever passes on a bounce he got has its parts in his mail, too. */
    bool formal = c->signs & (BB_SIGN_NULL_SENDER | BB_SIGN_DAEMON | BB_SIGN_DSN);
    if (!formal && (c->signs & BB_SIGN_REPLY || !bb_announces(c))) return false;
    for (; p; p = next_status_part(c, p)) read_fields(c, status_text(c, p));
    if (c->r->n_rcpts == 0) bb_rows_failed_header(c);
    if (c->r->n_rcpts == 0) bb_mentions_add(c, c->r->text);
    return true;
}
