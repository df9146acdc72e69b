/* SPDX-License-Identifier: MIT
 *
 * key: the secrets that sign return paths.
 */
#include <sodium.h>

#include "app/cli/cli.h"

static const char *key_path(cli *c)
{
    return cli_path(c, bb_conf_home_of(c->conf)->keys);
}

int cmd_key_list(cli *c)
{
    static const char *const heads[] = {">id", "made", "state", "secret"};
    if (!cli_open_keys(c)) return cli_fail(c);
    bb_keyring ring = bb_keys_ring(c->keys);
    const bb_key *signer = bb_keyring_signer(&ring);
    bool secrets = cli_flag(c, "show-secret");
    cli_table t;
    cli_json d;
    cli_table_begin(&t, &c->arena, heads, secrets ? 4 : 3);
    cli_json_begin(&d, &c->arena);
    bb_json_key(&d.j, "keys");
    bb_json_open(&d.j, '[');
    for (size_t i = 0; i < c->keys->n; i++) {
        const bb_key *k = &c->keys->keys[i];
        char hex[2 * BB_KEY_BYTES + 1];
        const char *state = k->retired ? "retired" : k == signer ? "signs" : "active";
        sodium_bin2hex(hex, sizeof hex, k->secret, sizeof k->secret);
        cli_cellf(&t, "%d", k->id);
        cli_cell(&t, bb_cstr(cli_when(&c->arena, k->created)));
        cli_cell(&t, bb_cstr(state));
        if (secrets) cli_cell(&t, bb_cstr(hex));
        bb_json_open(&d.j, '{');
        bb_json_kint(&d.j, "id", k->id);
        bb_json_ktime(&d.j, "created", k->created);
        bb_json_kstr(&d.j, "state", bb_cstr(state));
        if (secrets) bb_json_kstr(&d.j, "secret", bb_cstr(hex));
        bb_json_close(&d.j, '}');
        sodium_memzero(hex, sizeof hex);
    }
    bb_json_close(&d.j, ']');
    if (c->json) cli_json_end(c, &d);
    else cli_table_end(c, &t, "");
    return cli_ok(c);
}

static int tell(cli *c, const bb_key *k, const char *text)
{
    cli_json d;
    if (!c->json) {
        cli_print(c, "key %d %s\n", k->id, text);
        return cli_ok(c);
    }
    cli_json_begin(&d, &c->arena);
    bb_json_kint(&d.j, "id", k->id);
    bb_json_ktime(&d.j, "created", k->created);
    bb_json_kstr(&d.j, "state", bb_cstr(k->retired ? "retired" : "active"));
    cli_json_end(c, &d);
    return cli_ok(c);
}

int cmd_key_add(cli *c)
{
    if (!cli_open_keys(c)) return cli_fail(c);
    if (!bb_keys_add(c->keys, c->now, &c->err) || !bb_keys_write(key_path(c), c->keys, &c->err)) return cli_fail(c);
    return tell(c, &c->keys->keys[c->keys->n - 1], "made; it signs from now on, and the others still verify");
}

int cmd_key_retire(cli *c)
{
    uint64_t id;
    if (!bb_u64(bb_cstr(c->args[0]), &id)) return cli_usage(c, "%s: a key's id is a number", c->args[0]);
    if (!cli_open_keys(c)) return cli_fail(c);
    if (!bb_keys_retire(c->keys, id, &c->err) || !bb_keys_write(key_path(c), c->keys, &c->err)) return cli_fail(c);
    for (size_t i = 0; i < c->keys->n; i++)
        if (c->keys->keys[i].id == id)
            return tell(c, &c->keys->keys[i], "retired; return paths that it signed are believed no more");
    return cli_ok(c);
}
