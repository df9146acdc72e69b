/* SPDX-License-Identifier: MIT
 *
 * conf: what the configuration file may say and what is said about it when it is wrong; the key file.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "edge/conf/conf.h"
#include "edge/conf/keys.h"
#include "edge/os/os.h"
#include "tap.h"

static bb_arena arena;

/* ---- values that are taken --------------------------------------------------------------------------- */

static void settings(void)
{
    static const struct {
        const char *text, *list, *parameter, *want;
    } rows[] = {
        {"", "news", "hard_limit", "1"},
        {"", "news", "soft_limit", "3"},
        {"", "news", "soft_window", "30d"},
        {"", "news", "quarantine", "3d"},
        {"", "news", "quarantine_backoff", "2"},
        {"", "news", "return_path", "signed"},
        {"", "news", "mode", "enforce"},
        {"", "news", "accept_inferred", "no"},
        {"", NULL, "token_lifetime", "30d"},
        {"", NULL, "keep_evidence", "yes"},
        {"", NULL, "database", "bouncebox.db"},
        {"[bouncebox]\ndatabase = other.db\n", NULL, "database", "other.db"},
        {"[bouncebox]\nkeep_evidence = off\n", NULL, "keep_evidence", "no"},
        {"[bouncebox]\ntoken_lifetime = 12w\n", NULL, "token_lifetime", "84d"},
        {"", NULL, "own_hosts", ""},
        {"[bouncebox]\nown_hosts = MX.example.org\n", NULL, "own_hosts", "mx.example.org"},
        {"[bouncebox]\nown_hosts = mx.example.org   r\xC3\xBC"
         "ck.example mail\n",
         NULL, "own_hosts", "mx.example.org xn--rck-hoa.example mail"},
        {"[bouncebox]\nown_hosts =\n", NULL, "own_hosts", ""},
        {"[policy]\nsoft_limit = 5\n", "news", "soft_limit", "5"},
        {"[list news]\nsoft_limit = 5\n", "news", "soft_limit", "5"},
        {"[list news]\nsoft_limit = 5\n", "other", "soft_limit", "3"},
        {"[list news]\nsoft_limit = 5\n", "New", "soft_limit", "3"},
        {"[policy]\nsoft_limit = 4\n[list news]\nsoft_limit = 5\n", "news", "soft_limit", "5"},
        {"[list news]\nhard_limit = 2\n[policy]\nsoft_limit = 4\nhard_limit = 7\n", "news", "soft_limit", "4"},
        {"[list news]\nhard_limit = 2\n[policy]\nsoft_limit = 4\nhard_limit = 7\n", "news", "hard_limit", "2"},
        {"[list news]\nquarantine_backoff = 1.5\n", "news", "quarantine_backoff", "1.5"},
        {"[list news]\nquarantine = 90m\n", "news", "quarantine", "90m"},
        {"[list news]\nbounce_domain = Bounces.Example.COM\n", "news", "bounce_domain", "bounces.example.com"},
        {"[list news]\nbounce_domain = r\xC3\xBC"
         "ck.example\n",
         "news", "bounce_domain", "xn--rck-hoa.example"},
        {"[list news]\nreturn_path = verp\nreturn_path_base = news.letter\n", "news", "return_path_base",
         "news.letter"},
        {"\xEF\xBB\xBF[list news]\r\nmode = observe\r\n", "news", "mode", "observe"},
        {"  [ list news ]  ; mine\n  mode = observe  ; for now\n# mode = enforce\n; and so on\n", "news", "mode",
         "observe"},
        {"[list a]\n[list b]\nmode=observe", "b", "mode", "observe"},
        {"[list a.b_c-D9]\nmode = observe\n", "a.b_c-D9", "mode", "observe"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_conf *c = NULL;
        bb_err err;
        if (!ok(bb_conf_parse("f", bb_cstr(rows[i].text), &c, &err), "row %zu reads", i)) {
            tap_note("%s", err.text);
            continue;
        }
        for (size_t p = 0; p < bb_conf_params_count; p++) {
            if (strcmp(bb_conf_params[p].name, rows[i].parameter) != 0) continue;
            const void *record = rows[i].list ? (const void *)bb_conf_list_of(c, bb_cstr(rows[i].list))
                                              : (const void *)bb_conf_home_of(c);
            is_str(bb_conf_value(&arena, &bb_conf_params[p], record), bb_cstr(rows[i].want), "row %zu: %s", i,
                   rows[i].parameter);
        }
        bb_conf_free(&c);
    }
}

/* ---- what is refused -------------------------------------------------------------------------------------- */

static void refused(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"[polcy]\n",
         "f:1: no section is called [polcy] (did you mean policy?); there are [bouncebox], [serve], [policy], "
         "[list NAME]"},
        {"\n[lst news]\n", "f:2: no section is called [lst news] (did you mean list?); there are [bouncebox], [serve], "
                           "[policy], [list NAME]"},
        {"[list]\n", "f:1: no section is called [list] (did you mean list?); there are [bouncebox], [serve], [policy], "
                     "[list NAME]"},
        {"[list a b]\n", "f:1: a list's name is 1 to 64 letters, digits, dots, dashes and underscores"},
        {"[policy\n", "f:1: a section reads [NAME]"},
        {"[policy] x\n", "f:1: a section reads [NAME]"},
        {"[policy]\n[list a]\n[policy]\n", "f:3: this section stands in line 1 already; put the two together"},
        {"[list a]\n\n[list a]\n", "f:3: this section stands in line 1 already; put the two together"},
        {"hard_limit = 1\n", "f:1: a parameter before any [section]"},
        {"[policy]\nhard_limt = 1\n", "f:2: no parameter is called hard_limt (did you mean hard_limit?)"},
        {"[policy]\nzzz = 1\n", "f:2: no parameter is called zzz"},
        {"[policy]\ndatabase = x\n", "f:2: database belongs in [bouncebox]"},
        {"[bouncebox]\nmode = observe\n", "f:2: mode belongs in [policy] or [list NAME]"},
        {"[policy]\nhard_limit = 1\n\nhard_limit = 2\n", "f:4: hard_limit is set in line 2 already"},
        {"[policy]\nhard_limit\n", "f:2: neither NAME = VALUE, [SECTION] nor a # comment"},
        {"[policy]\nhard_limit = many\n", "f:2: hard_limit: \"many\" is not a number"},
        {"[policy]\nhard_limit =\n", "f:2: hard_limit: \"\" is not a number"},
        {"[policy]\nhard_limit = 0\n", "f:2: hard_limit: must be from 1 to 100"},
        {"[policy]\nhard_limit = 101\n", "f:2: hard_limit: must be from 1 to 100"},
        {"[policy]\nhard_limit = -1\n", "f:2: hard_limit: \"-1\" is not a number"},
        {"[policy]\nquarantine_backoff = 0.5\n", "f:2: quarantine_backoff: must be from 1 to 100"},
        {"[policy]\nquarantine_backoff = nan\n", "f:2: quarantine_backoff: \"nan\" is not a number from 1"},
        {"[policy]\nquarantine_backoff = 1.2.3\n", "f:2: quarantine_backoff: \"1.2.3\" is not a number from 1"},
        {"[policy]\nsoft_window = month\n", "f:2: soft_window: \"month\" is not 90s, 15m, 12h, 30d, 4w, or seconds"},
        {"[policy]\nsoft_window = 5m\n", "f:2: soft_window: must be from 1h to 3650d"},
        {"[bouncebox]\ntoken_lifetime = 1h\n", "f:2: token_lifetime: must be from 1d to 3650d"},
        {"[policy]\nreturn_path = sgined\n", "f:2: return_path: \"sgined\" is not signed, plain, verp or signed-verp"},
        {"[policy]\naccept_inferred = maybe\n", "f:2: accept_inferred: \"maybe\" is not yes or no"},
        {"[policy]\nbounce_domain = no domain\n", "f:2: bounce_domain: \"no domain\" is not a domain"},
        {"[policy]\nbounce_domain = x@example.com\n", "f:2: bounce_domain: \"x@example.com\" is not a domain"},
        {"[policy]\nbounce_domain = [192.0.2.1]\n", "f:2: bounce_domain: \"[192.0.2.1]\" is not a domain"},
        {"[bouncebox]\nown_hosts = mx.example.org, mail.example.org\n",
         "f:2: own_hosts: \"mx.example.org,\" is not names of hosts, blanks between; empty: none"},
        {"[bouncebox]\nown_hosts = mx.example.org [192.0.2.1]\n",
         "f:2: own_hosts: \"[192.0.2.1]\" is not names of hosts, blanks between; empty: none"},
        {"[policy]\nreturn_path_base = a+b\n", "f:2: return_path_base: \"a+b\" is not the part before the +"},
        {"[bouncebox]\ndatabase =\n", "f:2: database: must not be empty"},
        {"[bouncebox]\nrules =;mine\n",
         "f:2: rules: a value has no \";\" at its beginning or behind a blank: a comment begins there"},
        {"[serve]\nsuppress_networks = 127.0.0.0/8, 192.0.2.1/24\n",
         "f:2: suppress_networks: \"192.0.2.1/24\" has bits behind its mask: is the mask right?"},
        {"[serve]\nsuppress_senders = @example.com @@\n",
         "f:2: suppress_senders: \"@@\" is none: write news@example.com, @example.com or a SASL login"},
        {"[serve]\nreturn_path_senders = people\n", "f:2: return_path_senders: \"people\" is not any or null"},
        {"[list a]\nhard_limit = 0\n[policy]\nsoft_limit = x\n", "f:4: soft_limit: \"x\" is not a number"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_conf *c = NULL;
        bb_err err = {0};
        ok(!bb_conf_parse("f", bb_cstr(rows[i].text), &c, &err), "refused %zu", i);
        is_cstr(err.text, rows[i].want, "refused %zu says why", i);
        is_int(err.code, BB_ECONFIG, "refused %zu is a configuration error", i);
        ok(!c, "refused %zu leaves nothing behind", i);
    }
}

static void odd_files(void)
{
    bb_conf *c = NULL;
    bb_err err = {0};
    char text[600];
    snprintf(text, sizeof text, "[policy]\nbounce_domain = %0400d\n", 0);
    ok(!bb_conf_parse("f", bb_cstr(text), &c, &err), "an overlong line is refused");
    is_cstr(err.text, "f:2: the line is too long; at most 198 octets", "and says so");
    snprintf(text, sizeof text, "# %0400d\n[policy]\n", 0);
    ok(bb_conf_parse("f", bb_cstr(text), &c, &err), "an overlong comment is none of our business");
    bb_conf_free(&c);
    ok(!bb_conf_parse("f", BB_S("[policy]\nmode\0 = observe\n"), &c, &err), "a NUL byte is refused");
    is_cstr(err.text, "f:2: a NUL byte: this is no text file", "and says so");
    ok(!bb_conf_read("/nonexistent/bouncebox.conf", &c, &err), "a missing file is an error");
    is_int(err.code, BB_ENOINPUT, "and says that it is missing");
    ok(!bb_conf_read(tap_tmp(), &c, &err), "a folder is no configuration file");
}

static void list_names(void)
{
    bb_conf *c = NULL;
    size_t n = 0;
    if (!ok(bb_conf_parse("f", BB_S("[list b]\n[policy]\n[list a]\n"), &c, NULL), "two lists")) return;
    const char *const *names = bb_conf_list_names(c, &n);
    is_int(n, 2, "two names");
    is_cstr(names[0], "b", "in the order of the file");
    is_cstr(names[1], "a", "both");
    bb_conf_free(&c);
}

/* The sample is what the defaults are, commented or not. */
static void sample(void)
{
    bb_conf *c = NULL;
    bb_err err = {0};
    bb_str text = bb_conf_sample(&arena);
    ok(bb_conf_parse("sample", text, &c, &err), "the sample reads: %s", err.text);
    bb_conf_free(&c);
    char *plain = bb_get(&arena, text.n + 1);
    memcpy(plain, text.p, text.n);
    for (size_t i = 0; i + 1 < text.n; i++)
        if (plain[i] == '#' && (plain[i + 1] == '[' || bb_is_alnum(plain[i + 1]))) plain[i] = ' ';
    ok(bb_conf_parse("sample", (bb_str){plain, text.n}, &c, &err), "and so without its #: %s", err.text);
    for (size_t p = 0; c && p < bb_conf_params_count; p++) {
        const bb_conf_param *param = &bb_conf_params[p];
        const void *const records[BB_SCOPES] = {bb_conf_home_of(c), bb_conf_serve_of(c),
                                                bb_conf_list_of(c, BB_S("other"))};
        const void *record = records[param->scope];
        is_str(bb_conf_value(&arena, param, record), bb_cstr(param->preset), "%s is written at its default",
               param->name);
        ok(bb_find(text, bb_cstr(param->help)) != BB_NPOS, "%s has its help", param->name);
    }
    bb_conf_free(&c);
}

static void policies(void)
{
    static const struct {
        const char *text;
        bool plain, inferred, observe, mailing;
    } rows[] = {
        {"", false, false, false, false},
        {"[policy]\naccept_inferred = yes\n", false, false, false, false}, /* a signed list never does */
        {"[policy]\nreturn_path = signed-verp\naccept_inferred = yes\n", false, false, false, false},
        {"[policy]\nreturn_path = plain\n", true, false, false, false},
        {"[policy]\nreturn_path = verp\naccept_inferred = yes\n", true, true, false, false},
        {"[policy]\nmode = observe\n", false, false, true, false},
        {"[policy]\naccept_mailing = yes\n", false, false, false, true},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_conf *c = NULL;
        if (!ok(bb_conf_parse("f", bb_cstr(rows[i].text), &c, NULL), "policy %zu reads", i)) continue;
        bb_policy p = bb_conf_policy(bb_conf_list_of(c, BB_S("x")));
        is_int(!!(p.accept_trust & BB_ACCEPT(BB_TRUST_PLAIN)), rows[i].plain, "policy %zu: plain", i);
        is_int(!!(p.accept_trust & BB_ACCEPT(BB_TRUST_INFERRED)), rows[i].inferred, "policy %zu: inferred", i);
        is_int(!!(p.accept_trust & BB_ACCEPT(BB_TRUST_MAILING)), rows[i].mailing, "policy %zu: mailing", i);
        ok(p.accept_trust & BB_ACCEPT(BB_TRUST_SIGNED) && p.accept_trust & BB_ACCEPT(BB_TRUST_LOCAL),
           "policy %zu: signed and local always", i);
        ok(!(p.accept_trust & BB_ACCEPT(BB_TRUST_NONE)), "policy %zu: never nobody's word", i);
        is_int(p.observe, rows[i].observe, "policy %zu: observe", i);
        bb_conf_free(&c);
    }
}

/* ---- keys ------------------------------------------------------------------------------------------------ */

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *key_file(const char *text, int mode)
{
    const char *path = bb_sprintf(&arena, "%s/keys", tap_tmp()).p;
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, (mode_t)mode);
    return path;
}

static void key_files(void)
{
    static const struct {
        const char *name, *text;
        int mode;
        bool good;
    } rows[] = {
        {"one key", "1 " HEX " 2026-01-01T00:00:00Z active\n", 0600, true},
        {"read-only is enough", "1 " HEX " 2026-01-01T00:00:00Z active\n", 0400, true},
        {"comments, empty lines, upper case, CRLF",
         "# x\r\n\r\n1 " HEX
         " 2026-01-01T00:00:00Z retired\r\n7  00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF "
         "2026-01-01 active\r\n",
         0600, true},
        {"others may read it", "1 " HEX " 2026-01-01T00:00:00Z active\n", 0644, false},
        {"the group may write it", "1 " HEX " 2026-01-01T00:00:00Z active\n", 0620, false},
        {"empty", "", 0600, false},
        {"garbage",
         "\x7F"
         "ELF\x01\x02",
         0600, false},
        {"only retired", "1 " HEX " 2026-01-01T00:00:00Z retired\n", 0600, false},
        {"the same id twice", "1 " HEX " 2026-01-01 active\n1 " HEX " 2026-01-01 active\n", 0600, false},
        {"ids fall", "2 " HEX " 2026-01-01 active\n1 " HEX " 2026-01-01 active\n", 0600, false},
        {"id 0", "0 " HEX " 2026-01-01 active\n", 0600, false},
        {"id 256", "256 " HEX " 2026-01-01 active\n", 0600, false},
        {"a digit short", "1 0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 2026-01-01 active\n", 0600,
         false},
        {"no digit", "1 zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 2026-01-01 active\n", 0600,
         false},
        {"no date", "1 " HEX " yesterday active\n", 0600, false},
        {"no state", "1 " HEX " 2026-01-01\n", 0600, false},
        {"another state", "1 " HEX " 2026-01-01 lost\n", 0600, false},
        {"too many words", "1 " HEX " 2026-01-01 active now\n", 0600, false},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_keys keys;
        bb_err err = {0};
        bool read = bb_keys_read(key_file(rows[i].text, rows[i].mode), &keys, &err);
        is_int(read, rows[i].good, "key file: %s", rows[i].name);
        if (!read) ok(!strstr(err.text, "2233"), "key file: %s: the error tells no secret", rows[i].name);
    }
}

static void key_life(void)
{
    bb_keys keys = {0}, again;
    bb_err err = {0};
    const char *path = bb_sprintf(&arena, "%s/new-keys", tap_tmp()).p;
    struct stat st;
    ok(bb_keys_add(&keys, 1000, &err) && bb_keys_add(&keys, 2000, &err), "two keys");
    ok(memcmp(keys.keys[0].secret, keys.keys[1].secret, BB_KEY_BYTES) != 0, "of different secrets");
    ok(bb_keys_write(path, &keys, &err) && bb_keys_read(path, &again, &err), "written and read: %s", err.text);
    ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "with mode 0600");
    is_int(again.n, 2, "both are there");
    ok(memcmp(&again.keys[1].secret, &keys.keys[1].secret, BB_KEY_BYTES) == 0 && again.keys[1].created == 2000,
       "as they were");
    bb_keyring ring = bb_keys_ring(&keys);
    is_int(bb_keyring_signer(&ring)->id, 2, "the last one signs");
    ok(bb_keys_retire(&keys, 1, &err), "the first retires");
    ok(!bb_keys_retire(&keys, 2, &err), "the only active one does not");
    is_int(err.code, BB_EUSAGE, "as a usage error");
    ok(!bb_keys_retire(&keys, 9, &err) && err.code == BB_ENOINPUT, "one that is not there is told");
    while (keys.n < BB_KEYS_MAX && bb_keys_add(&keys, 1, &err)) continue;
    ok(!bb_keys_add(&keys, 1, &err), "after 255 there are no more ids");
    ok(bb_keys_write(path, &keys, &err) && bb_keys_read(path, &again, &err) && again.n == BB_KEYS_MAX,
       "and all 255 fit the file");
    bb_keys_wipe(&keys);
    ok(!keys.n && !keys.keys[254].secret[0], "wiped");
}

int main(void)
{
    bb_arena_init(&arena, &bb_os_alloc, BB_ARENA_LIMIT);
    settings();
    refused();
    odd_files();
    list_names();
    sample();
    policies();
    key_files();
    key_life();
    bb_arena_free(&arena);
    return tap_done();
}
