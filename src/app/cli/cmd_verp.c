/* SPDX-License-Identifier: MIT
 *
 * verp: return paths by hand, written for a mailing and read back (docs/return-paths.md).
 */
#include <string.h>

#include "app/cli/cli.h"

/* ---- encode -------------------------------------------------------------------------------------------------- */

typedef struct {
    cli *c;
    const bb_list *list;
    const bb_conf_list *settings;
    bb_form form;
    bb_keyring ring;
    uint32_t mailing;
    bool own_ids; /* nobody on the list has an external id */
    uint64_t impossible;
    bb_arena arena; /* of one return path */
} encoder;

static bool signer_of(const encoder *e, const bb_key **key, bb_err *err)
{
    *key = bb_keyring_signer(&e->ring);
    return *key || bb_fail(err, BB_ECONFIG, "no key signs; \"bouncebox key add\" makes one");
}

static bb_token token_of(const encoder *e, const bb_subscriber *s)
{
    return (bb_token){.day = (uint16_t)(e->c->now / BB_DAY), .mailing = e->mailing, .subscriber = s->id};
}

static bool encode_token(encoder *e, const bb_subscriber *s, bb_purpose purpose, char text[BB_TOKEN_LEN + 1],
                         bb_err *err)
{
    const bb_key *key;
    return signer_of(e, &key, err) && (bb_token_encode(key, purpose, token_of(e, s), text) ||
                                       bb_fail(err, BB_EDATA, "the id does not fit into a token"));
}

static bool encode_signed(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    char text[BB_TOKEN_LEN + 1];
    return encode_token(e, s, BB_PURPOSE_RETURN_PATH, text, err) &&
           bb_return_path_signed(&e->arena, text, bb_cstr(e->settings->bounce_domain), out, err);
}

static bool encode_unsubscribe(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    char text[BB_TOKEN_LEN + 1];
    return encode_token(e, s, BB_PURPOSE_UNSUBSCRIBE, text, err) &&
           bb_return_path_unsubscribe(&e->arena, text, bb_cstr(e->settings->bounce_domain), out, err);
}

/* For sendmail -V, which gives the message an envelope id. */
static bool encode_envid(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    char text[BB_TOKEN_LEN + 1];
    if (!encode_token(e, s, BB_PURPOSE_ENVID, text, err)) return false;
    *out = bb_dup(&e->arena, bb_cstr(text));
    return out->n || bb_fail(err, BB_ENOMEM, "out of memory");
}

/* The number is the operator's own id; ours only where nobody on the list has one (docs/design.md section 3). */
static bool encode_plain(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    uint64_t number = s->id;
    if (!e->own_ids && (!bb_u64(s->external_id, &number) || s->external_id.p[0] == '0'))
        return bb_fail(err, BB_EDATA, "his id \"" BB_FMT "\" is no number, so no plain return path can carry it",
                       BB_ARG(s->external_id));
    return bb_return_path_plain(&e->arena, number, bb_cstr(e->settings->bounce_domain), out, err);
}

static bool encode_verp(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    return bb_return_path_verp(&e->arena, bb_cstr(e->settings->return_path_base), '+', s->address,
                               bb_cstr(e->settings->bounce_domain), out, err);
}

static bool encode_signed_verp(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    const bb_key *key;
    return signer_of(e, &key, err) &&
           bb_return_path_signed_verp(&e->arena, key, token_of(e, s), bb_cstr(e->settings->return_path_base),
                                      s->address, bb_cstr(e->settings->bounce_domain), out, err);
}

static bool encode_mailing(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err)
{
    const bb_key *key;
    return signer_of(e, &key, err) && bb_return_path_mailing(&e->arena, key, token_of(e, s), s->address,
                                                             bb_cstr(e->settings->bounce_domain), out, err);
}

/* The forms that a list can choose, in their order, and then those that must be asked for. */
typedef struct {
    bb_form form;
    bool (*encode)(encoder *e, const bb_subscriber *s, bb_str *out, bb_err *err);
    bool falls_back; /* to a signed one, which every subscriber can have */
} form_row;
static const form_row forms[] = {
    {BB_FORM_SIGNED, encode_signed, false},   {BB_FORM_PLAIN, encode_plain, false},
    {BB_FORM_VERP, encode_verp, true},        {BB_FORM_SIGNED_VERP, encode_signed_verp, true},
    {BB_FORM_MAILING, encode_mailing, false}, {BB_FORM_UNSUBSCRIBE, encode_unsubscribe, false},
    {BB_FORM_ENVID, encode_envid, false},
};

static void put_return_path(encoder *e, const bb_subscriber *s, bb_str path)
{
    cli *c = e->c;
    cli_json d;
    if (!c->json) {
        cli_print(c, "%s %s %s\n", s->external_id.n ? cli_show(&e->arena, s->external_id) : "-",
                  cli_show(&e->arena, s->address), cli_show(&e->arena, path));
        return;
    }
    cli_json_begin(&d, &e->arena);
    bb_json_kint(&d.j, "subscriber", (int64_t)s->id);
    bb_json_kstr(&d.j, "external_id", s->external_id);
    bb_json_kstr(&d.j, "address", s->address);
    bb_json_kstr(&d.j, "return_path", path);
    cli_json_end(c, &d);
}

/* Whoever cannot have one of that form is told; the others have theirs. */
static bool encode_one(void *ctx, const bb_subscriber *s)
{
    encoder *e = ctx;
    bb_str path = {0};
    bb_err err = {0};
    size_t i = 0;
    bb_arena_reset(&e->arena);
    while (forms[i].form != e->form) i++;
    bool good = forms[i].encode(e, s, &path, &err);
    if (!good && err.code == BB_EDATA && forms[i].falls_back) good = encode_signed(e, s, &path, &err);
    if (good) {
        put_return_path(e, s, path);
    } else if (err.code == BB_ECONFIG || err.code == BB_ENOMEM) {
        e->c->err = err;
        return false;
    } else {
        e->impossible++;
        cli_warn(e->c, "#%llu " BB_FMT ": %s", (unsigned long long)s->id, BB_ARG(s->address), err.text);
    }
    return !cli_output_gone();
}

static bool read_form(encoder *e)
{
    const char *words[BB_COUNT(forms) + 1] = {0}, *given = cli_value(e->c, "form");
    e->form = (bb_form)(e->settings->return_path + 1);
    if (!given) return true;
    for (size_t i = 0; i < BB_COUNT(forms); i++) {
        words[i] = bb_form_word(forms[i].form);
        e->form = forms[i].form;
        if (strcmp(words[i], given) == 0) return true;
    }
    return bb_fail(&e->c->err, BB_EUSAGE,
                   "--form %s: there are signed, plain, verp, signed-verp, mailing, unsubscribe and envid%s", given,
                   cli_did_you_mean(e->c, given, words));
}

/* A base that fits nobody is a mistake of the configuration, and no reason to fall back for everybody. */
static bool check_base(encoder *e)
{
    bb_str path, base = bb_cstr(e->settings->return_path_base), domain = bb_cstr(e->settings->bounce_domain);
    if (e->form != BB_FORM_VERP && e->form != BB_FORM_SIGNED_VERP) return true;
    if (!base.n)
        return bb_fail(&e->c->err, BB_ECONFIG,
                       "the list " BB_FMT " has no return_path_base, which a %s return path begins with; set it in %s",
                       BB_ARG(e->list->name), bb_form_word(e->form), cli_conf_path(e->c));
    if (bb_return_path_verp(&e->c->arena, base, '+', BB_S("a@b.example"), domain, &path, &e->c->err)) return true;
    e->c->err.code = BB_ECONFIG;
    return bb_fail_in(&e->c->err, "return_path_base");
}

static bool check_settings(encoder *e)
{
    if (!e->settings->bounce_domain[0])
        return bb_fail(&e->c->err, BB_ECONFIG,
                       "the list " BB_FMT " has no bounce_domain, so no return path can be made for it; set it in %s",
                       BB_ARG(e->list->name), cli_conf_path(e->c));
    if (e->form == BB_FORM_MAILING && !cli_value(e->c, "mailing"))
        return bb_fail(&e->c->err, BB_EUSAGE, "--form mailing: which? --mailing names it");
    return check_base(e);
}

static bool prepare(encoder *e)
{
    cli *c = e->c;
    bb_mailing m;
    bb_attribution known;
    const char *mailing = cli_value(c, "mailing");
    if (!cli_list_option(c, true, &e->list)) return false;
    e->settings = cli_settings_of(c, e->list->id);
    if (!read_form(e) || !check_settings(e) || !cli_attribution(c, NULL, &known)) return false;
    e->ring = known.keys;
    if (e->form == BB_FORM_PLAIN && !cli_own_ids(c, e->list->id, &e->own_ids)) return false;
    if (mailing && !cli_mailing(c, mailing, e->list, &m)) return false;
    if (mailing) e->mailing = m.id;
    return (c->now >= 0 && c->now / BB_DAY <= UINT16_MAX) ||
           bb_fail(&c->err, BB_EUSAGE, "--now: return paths carry days from 1970 to 2149");
}

int cmd_verp_encode(cli *c)
{
    encoder e = {.c = c};
    uint64_t missing = 0;
    if (!prepare(&e)) return cli_fail(c);
    bb_arena_init(&e.arena, &bb_os_alloc, BB_ARENA_LIMIT);
    bool good = cli_each_named(c, e.list, 0, encode_one, &e, &missing);
    bb_arena_free(&e.arena);
    if (!good && !cli_output_gone()) return cli_fail(c);
    if (missing) return cli_exit_of(BB_ENOINPUT);
    return e.impossible ? cli_exit_of(BB_EDATA) : cli_ok(c);
}

/* ---- decode --------------------------------------------------------------------------------------------------- */

/* What one return path says. */
typedef struct {
    bb_return_path path;
    bb_token_result result; /* of a signed one */
    bb_token token;         /* as it claims, where that is no more than a claim */
    bool read, claimed, valid;
    const char *verdict;
    bb_subscriber subscriber; /* id 0: nobody known */
    bb_str mailing;
} decoded;

static bool find_subscriber(cli *c, bb_lookup *l, size_t n, decoded *d)
{
    if (!bb_store_find(c->store, &c->arena, l, n, &c->err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (l[i].found != 1 || (l[i].list && l[i].found_list != l[i].list)) continue;
        return bb_store_subscriber(c->store, &c->arena, l[i].found_id, &d->subscriber, &c->err);
    }
    return true;
}

static bool find_mailing(cli *c, decoded *d)
{
    bb_mailing *all;
    size_t n;
    if (!bb_store_mailings(c->store, &c->arena, 0, &all, &n, &c->err)) return false;
    for (size_t i = 0; i < n; i++)
        if (all[i].id == d->token.mailing) d->mailing = all[i].name;
    return true;
}

/* What a report to it would ask. */
static bool find_holder(cli *c, const bb_attribution *known, bb_time at, decoded *d)
{
    bb_claims claims;
    bb_message m = {.paths = &d->path, .n_paths = 1, .event_time = at};
    if (!bb_claims_make(&c->arena, &m, known, &claims)) return bb_fail(&c->err, BB_ENOMEM, "no memory");
    return find_subscriber(c, claims.lookups, claims.n_lookups, d);
}

static bool decode_signed(cli *c, const bb_attribution *known, bb_time at, decoded *d)
{
    static const char *const verdicts[] = {
        [BB_TOKEN_OK] = "ours",
        [BB_TOKEN_MALFORMED] = "no token of ours by its form",
        [BB_TOKEN_UNKNOWN_KEY] = "its key is unknown or retired: nothing it says is believed",
        [BB_TOKEN_WRONG_MAC] = "forged, or altered on the way: nothing it says is believed",
        [BB_TOKEN_EXPIRED] = "ours, but expired",
    };
    d->claimed = bb_return_path_peek(&d->path, &d->token);
    d->result = bb_return_path_verify(&c->arena, &known->keys, &d->path, at, known->token_lifetime, &d->token);
    d->verdict = verdicts[d->result];
    d->valid = d->result == BB_TOKEN_OK;
    if (!d->valid && d->result != BB_TOKEN_EXPIRED) return true;
    if (bb_return_path_is_probe(&d->path)) d->verdict = "ours, a probe: nobody is meant";
    if (d->valid && d->path.form == BB_FORM_MAILING)
        d->verdict = d->path.victim.n ? "ours, but the address in it is not signed" : "ours, and names nobody yet";
    return find_mailing(c, d) && find_holder(c, known, at, d);
}

static bool decode_unsigned(cli *c, const bb_attribution *known, bb_time at, decoded *d)
{
    if (!find_holder(c, known, at, d)) return false;
    d->valid = d->subscriber.id;
    d->verdict = d->valid ? "unsigned: anybody can write it" : "unsigned, and it names nobody here";
    return true;
}

static bool decode(cli *c, const bb_attribution *known, bb_time at, const char *text, decoded *d)
{
    *d = (decoded){.verdict = "no return path of ours by its form"};
    d->read = bb_return_path_read(&c->arena, bb_cstr(text), &d->path);
    if (!d->read) return true;
    return d->path.token.n ? decode_signed(c, known, at, d) : decode_unsigned(c, known, at, d);
}

static void put_decoded(cli *c, const char *text, const decoded *d)
{
    cli_json j;
    cli_json_begin(&j, &c->arena);
    bb_json_kstr(&j.j, "return_path", bb_cstr(text));
    bb_json_key(&j.j, "valid");
    bb_json_bool(&j.j, d->valid);
    bb_json_kstr(&j.j, "form", bb_cstr(bb_form_word(d->path.form)));
    bb_json_kstr(&j.j, "result", bb_cstr(d->path.token.n ? bb_token_result_word(d->result) : ""));
    bb_json_kint(&j.j, "key", d->token.key);
    bb_json_ktime(&j.j, "made", d->claimed ? d->token.day * BB_DAY : BB_NO_TIME);
    bb_json_kint(&j.j, "mailing", d->token.mailing);
    bb_json_kint(&j.j, "subscriber", (int64_t)(d->token.subscriber ? d->token.subscriber : d->subscriber.id));
    bb_json_kstr(&j.j, "number", d->path.number);
    bb_json_kstr(&j.j, "victim", d->path.victim);
    bb_json_kstr(&j.j, "address", d->subscriber.address);
    bb_json_kstr(&j.j, "list", cli_list_name(c, d->subscriber.list));
    cli_json_end(c, &j);
}

static BB_PRINTF(3, 4) void row(cli_table *t, const char *label, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!text[0]) return;
    cli_cell(t, bb_cstr(label));
    cli_cell(t, bb_cstr(text));
}

static void show_decoded(cli *c, const bb_attribution *known, const char *text, const decoded *d)
{
    cli_table t;
    const bb_subscriber *s = &d->subscriber;
    cli_table_begin(&t, &c->arena, NULL, 2);
    cli_print(c, "%s\n", cli_show(&c->arena, bb_cstr(text)));
    row(&t, "verdict", "%s", d->verdict);
    row(&t, "form", "%s", bb_form_word(d->path.form));
    row(&t, "number", BB_FMT, BB_ARG(d->path.number));
    row(&t, "names", BB_FMT, BB_ARG(d->path.victim));
    if (d->claimed) {
        bool believed = d->result == BB_TOKEN_OK || d->result == BB_TOKEN_EXPIRED;
        bb_time made = d->token.day * BB_DAY;
        row(&t, believed ? "key" : "claims key", "%d", d->token.key);
        row(&t, "made on", "%s", cli_day(&c->arena, made));
        if (known->token_lifetime && d->path.form != BB_FORM_UNSUBSCRIBE)
            row(&t, "good until", "%s", cli_when(&c->arena, made + known->token_lifetime));
        row(&t, "mailing", "#%u " BB_FMT, d->token.mailing, BB_ARG(d->mailing));
        if (!s->id && d->token.subscriber)
            row(&t, "subscriber", "#%llu%s", (unsigned long long)d->token.subscriber,
                believed ? ", not in this database" : "");
    }
    if (s->id)
        row(&t, "subscriber", "#%llu " BB_FMT " on " BB_FMT ", %s", (unsigned long long)s->id, BB_ARG(s->address),
            BB_ARG(cli_list_name(c, s->list)), bb_status_word(bb_status_at(s->status, s->until, c->now)));
    cli_table_end(c, &t, "  ");
}

int cmd_verp_decode(cli *c)
{
    bb_attribution known;
    bb_time at = c->now;
    bool all = true;
    if (!cli_time(c, "at", &at) || !cli_attribution(c, NULL, &known)) return cli_fail(c);
    for (size_t i = 0; i < c->n_args; i++) {
        decoded d;
        if (!decode(c, &known, at, c->args[i], &d)) return cli_fail(c);
        all &= d.valid;
        if (c->json) put_decoded(c, c->args[i], &d);
        else show_decoded(c, &known, c->args[i], &d);
    }
    return all ? cli_ok(c) : cli_exit_of(BB_EDATA);
}
