/* SPDX-License-Identifier: MIT
 *
 * trie: all literals of all rules, found in one pass over a text.
 *
 * The trie is walked from every place where a word begins. A walk is at most as long as the longest
 * literal, and a branch is found by hashing, so the work depends on the text and never on how many rules there are.
 * Bytes that nothing branches off from are one node: there are few nodes, quickly made.
 */
#include "core/classify/internal.h"

#define MAX_PIECES 8
#define MAX_BYTES  1000

/* The edges that no node has: by the first two bytes of pieces, once for each of the two tries. */
#define ROOTS (((uint32_t)1 << 24) - 512)

static uint32_t edge(size_t node, unsigned char byte)
{
    return (uint32_t)node << 8 | byte;
}

static uint32_t root_edge(bool from_start, const unsigned char *p)
{
    return edge(ROOTS + (from_start ? 256 : 0) + p[0], p[1]);
}

bool bb_trie_init(bb_trie *t, bb_arena *a, const char *text, size_t n)
{
    *t = (bb_trie){
        .arena = a, .text = text, .cap_nodes = n / 20 + 4, .cap_bytes = n / 3 + 4, .cap_literals = n / 28 + 4};
    t->cap_ends = t->cap_literals + t->cap_literals / 4 + 4;
    t->nodes = bb_get_array(a, t->cap_nodes, sizeof *t->nodes);
    t->bytes = bb_get(a, t->cap_bytes);
    t->literals = bb_get_array(a, t->cap_literals, sizeof *t->literals);
    t->ends = bb_get_array(a, t->cap_ends, sizeof *t->ends);
    t->n_nodes = t->n_ends = 1;
    return t->nodes && t->bytes && t->literals && t->ends && bb_map_init(&t->edges, a, n / 20) &&
           bb_map_init(&t->head_at, a, n / 100);
}

/* Room for `more` bytes behind those that there are. */
static bool room(bb_trie *t, size_t more)
{
    if (t->cap_bytes - t->n_bytes >= more) return true;
    size_t cap = 2 * t->cap_bytes + more;
    char *grown = cap < UINT32_MAX ? bb_get(t->arena, cap) : NULL;
    if (!grown) return false;
    memcpy(grown, t->bytes, t->n_bytes);
    t->bytes = grown;
    t->cap_bytes = cap;
    return true;
}

/* ---- pieces into it ------------------------------------------------------------------------------------ */

/* A node for n bytes that stand at `bytes`, at the end of an edge. */
static uint32_t new_node(bb_trie *t, uint32_t from, size_t bytes, size_t n)
{
    if (t->n_nodes >= ROOTS) return 0;
    bb_node *node = BB_PUSH(t->arena, t->nodes, t->n_nodes, t->cap_nodes);
    uint32_t *to = node ? bb_map_put(&t->edges, from) : NULL;
    if (!to) return 0;
    *node = (bb_node){.bytes = (uint32_t)bytes, .n = (uint16_t)n};
    return *to = (uint32_t)(t->n_nodes - 1);
}

/* Lets something branch off behind the first n bytes of the node that `from` leads to: they become a node of their own
 * before it. */
static uint32_t divide(bb_trie *t, uint32_t from, uint32_t at, size_t n)
{
    size_t bytes = t->nodes[at].bytes;
    uint32_t before = new_node(t, from, bytes, n);
    uint32_t *to = before ? bb_map_put(&t->edges, edge(before, (unsigned char)t->bytes[bytes + n])) : NULL;
    if (!to) return 0;
    *to = at;
    t->nodes[at].bytes += (uint32_t)n + 1;
    t->nodes[at].n = (uint16_t)(t->nodes[at].n - n - 1);
    return before;
}

/* A node for the end of a piece, where nothing goes on with its bytes. */
static uint32_t new_leaf(bb_trie *t, uint32_t from, bb_str end)
{
    if (!room(t, end.n)) return 0;
    if (end.n) memcpy(t->bytes + t->n_bytes, end.p, end.n);
    t->n_bytes += end.n;
    return new_node(t, from, t->n_bytes - end.n, end.n);
}

/* The node at the end of a piece (two bytes at least), made where it is not there; 0: no memory. */
static uint32_t node_of(bb_trie *t, bool from_start, bb_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t i = 2;
    uint32_t from = root_edge(from_start, p);
    for (;;) {
        uint32_t at = bb_map_get(&t->edges, from);
        if (!at) return new_leaf(t, from, bb_sub(text, i, BB_NPOS));
        const bb_node *node = &t->nodes[at];
        size_t n = 0;
        while (n < node->n && i < text.n && t->bytes[node->bytes + n] == text.p[i]) n++, i++;
        if (n < node->n) at = divide(t, from, at, n);
        if (!at || i == text.n) return at;
        from = edge(at, p[i++]);
    }
}

/* A piece between two gaps, as written: "over|above" is either. */
typedef struct {
    bb_str text;
    bool from_start, to_end; /* of a word */
    size_t shortest;         /* bytes of its shortest spelling */
} piece;

/* Cuts "over * quota*" into pieces. White space beside a * asks for whole words there. Answers how many, 0 with err. */
static int cut(bb_str literal, piece pieces[MAX_PIECES], bb_err *err)
{
    int n = 0;
    bool starred = false;
    for (size_t at = 0; at <= literal.n;) {
        bb_str rest = bb_sub(literal, at, BB_NPOS);
        size_t star = bb_chr(rest, '*');
        bb_str raw = bb_sub(rest, 0, star);
        bool after = starred;
        starred = star != BB_NPOS;
        at += raw.n + 1;
        bb_str bare = bb_trim(raw);
        if (bb_empty(bare)) continue; /* a * at either end: the word may go on there */
        if (n == MAX_PIECES) return bb_fail(err, BB_ECONFIG, "more than %d * in one literal", MAX_PIECES - 1);
        bool space_before = bare.p > raw.p, space_behind = bare.p + bare.n < raw.p + raw.n;
        pieces[n++] = (piece){raw, !after || space_before, !starred || space_behind, MAX_BYTES};
    }
    return n;
}

/* Takes the next alternative off *rest: up to a | that stands between two letters, so that "pipe to |" is none. */
static bool next_alternative(bb_str *rest, bb_str *out)
{
    size_t n = 1;
    if (bb_empty(*rest)) return false;
    while (n < rest->n &&
           !(rest->p[n] == '|' && !bb_is_space(rest->p[n - 1]) && n + 1 < rest->n && !bb_is_space(rest->p[n + 1])))
        n++;
    *out = bb_sub(*rest, 0, n);
    *rest = bb_sub(*rest, n + 1, BB_NPOS);
    return true;
}

/* German and Scandinavian letters by two plain ones, "ae" for U+00E4; false where there are none. Folding leaves one. */
static bool transcribe(bb_str s, char out[MAX_BYTES])
{
    static const struct {
        const char *one, *two;
    } letters[] = {{"\xC3\xA4", "ae"}, {"\xC3\xB6", "oe"}, {"\xC3\xBC", "ue"}, {"\xC3\xA5", "aa"}, {"\xC3\xB8", "oe"}};
    bool any = false;
    memcpy(out, s.p, s.n);
    for (size_t i = 0; i + 1 < s.n; i++)
        for (size_t k = 0; k < BB_COUNT(letters); k++) {
            if (memcmp(s.p + i, letters[k].one, 2) != 0) continue;
            memcpy(out + i, letters[k].two, 2);
            any = true;
        }
    return any;
}

static bool add_spelling(bb_trie *t, piece *p, uint8_t number, bb_str spelling, bb_err *err)
{
    char folded[MAX_BYTES];
    bb_str text = {folded, bb_fold(spelling, folded)};
    if (text.n < p->shortest) p->shortest = text.n;
    if (text.n < 2) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(spelling));
    uint32_t at = node_of(t, p->from_start, text);
    bb_piece_end *end = at ? BB_PUSH(t->arena, t->ends, t->n_ends, t->cap_ends) : NULL;
    if (!end) return bb_fail(err, BB_ENOMEM, "out of memory");
    bool *begins = p->from_start ? t->words : t->parts;
    begins[(unsigned char)text.p[0]] = true;
    *end = (bb_piece_end){(uint32_t)(t->n_literals - 1), t->nodes[at].out, number, p->to_end};
    t->nodes[at].out = (uint32_t)(t->n_ends - 1);
    return true;
}

static bool add_piece(bb_trie *t, piece *p, uint8_t number, bb_err *err)
{
    bb_str rest = p->text, spelling;
    char plain[MAX_BYTES];
    while (next_alternative(&rest, &spelling)) {
        if (!add_spelling(t, p, number, spelling, err)) return false;
        if (!transcribe(spelling, plain)) continue;
        if (!add_spelling(t, p, number, (bb_str){plain, spelling.n}, err)) return false;
    }
    return true;
}

/* ---- first pieces that several literals have ------------------------------------------------------------ */

static bool is_head(const bb_trie *t, const bb_head *h, const piece *p)
{
    return h->from_start == p->from_start && h->to_end == p->to_end &&
           bb_eq((bb_str){t->text + h->text, h->n}, p->text);
}

/* The head that the piece is, made where it is not there; NULL: no memory. */
static bb_head *head_of(bb_trie *t, const piece *p, bool *is_new)
{
    uint32_t key = p->from_start * 2U + p->to_end;
    for (size_t i = 0; i < p->text.n; i++) key = (key ^ (unsigned char)p->text.p[i]) * 16777619U;
    for (uint32_t at; (at = bb_map_get(&t->head_at, key)) != 0; key++)
        if (is_head(t, &t->heads[at - 1], p)) return &t->heads[at - 1];
    bb_head *head = BB_PUSH(t->arena, t->heads, t->n_heads, t->cap_heads);
    uint32_t *place = head ? bb_map_put(&t->head_at, key) : NULL;
    if (!place) return NULL;
    *place = (uint32_t)t->n_heads;
    *head = (bb_head){.text = (uint32_t)(p->text.p - t->text),
                      .n = (uint16_t)p->text.n,
                      .number = t->n_gapped++,
                      .from_start = p->from_start,
                      .to_end = p->to_end};
    *is_new = true;
    return head;
}

static bool add_head(bb_trie *t, piece *p, bb_err *err)
{
    bool is_new = false;
    bb_head *head = head_of(t, p, &is_new);
    if (!head) return bb_fail(err, BB_ENOMEM, "out of memory");
    t->literals[t->n_literals - 1].head = head->number;
    if (is_new && !add_piece(t, p, 0, err)) return false;
    if (is_new) head->shortest = (uint16_t)p->shortest;
    p->shortest = head->shortest;
    return true;
}

bool bb_trie_add(bb_trie *t, bb_str literal, uint32_t rule, bool unless, bb_err *err)
{
    piece pieces[MAX_PIECES];
    if (literal.n > MAX_BYTES) return bb_fail(err, BB_ECONFIG, "a literal is longer than %d bytes", MAX_BYTES);
    int n = cut(literal, pieces, err);
    if (err->code) return false;
    if (!n) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(literal));
    bb_literal *l = BB_PUSH(t->arena, t->literals, t->n_literals, t->cap_literals);
    if (!l) return bb_fail(err, BB_ENOMEM, "out of memory");
    *l = (bb_literal){.text = (uint32_t)(literal.p - t->text), .rule = rule, .pieces = (uint8_t)n, .unless = unless};
    for (int i = 0; i < n; i++) {
        bool fine = i == 0 && n > 1 ? add_head(t, &pieces[i], err) : add_piece(t, &pieces[i], (uint8_t)i, err);
        if (!fine) return false;
        l->weight = (uint16_t)(l->weight + pieces[i].shortest);
    }
    l->first = t->n_gapped;
    if (n > 2) t->n_gapped += (uint32_t)n - 2;
    return true;
}

/* ---- a text through it --------------------------------------------------------------------------------- */

bool bb_sight_init(bb_sight *s, bb_arena *a)
{
    *s = (bb_sight){.arena = a};
    return bb_map_init(&s->rules, a, 0) && bb_map_init(&s->gapped, a, 0);
}

/* A text on its way through the trie. */
typedef struct {
    const bb_trie *t;
    bb_str s;
    size_t sentence; /* where the one we are in begins */
    bb_sight *sight;
} scan;

static void mark(const bb_trie *t, bb_sight *sight, const bb_literal *l)
{
    uint32_t number = (uint32_t)(l - t->literals) + 1, *place = bb_map_put(&sight->rules, l->rule);
    if (place && !*place) {
        bb_mark *new = BB_PUSH(sight->arena, sight->marks, sight->n_marks, sight->cap_marks);
        if (!new) return;
        new->rule = l->rule;
        *place = (uint32_t)sight->n_marks;
    }
    if (!place) return;
    bb_mark *m = &sight->marks[*place - 1];
    if (l->unless) m->unless = m->unless ? m->unless : number;
    else if (!m->word || l->weight > t->literals[m->word - 1].weight) m->word = number;
}

/* Of a piece of a literal with gaps that is not its last one. */
static uint32_t number_of(const bb_literal *l, unsigned place)
{
    return place ? l->first + place - 1 : l->head;
}

/* A piece was seen from `from` to `to`. The latest end of each piece is enough to know: what is in
 * reach of an earlier one and not of the latest is another sentence or too far away as well. */
static void piece_seen(scan *c, const bb_piece_end *end, size_t from, size_t to)
{
    const bb_literal *l = &c->t->literals[end->literal];
    if (end->whole_word && bb_inside_word(c->s, to)) return;
    if (l->pieces == 1) {
        mark(c->t, c->sight, l);
        return;
    }
    if (end->piece > 0) {
        size_t before = bb_map_get(&c->sight->gapped, number_of(l, end->piece - 1U)); /* end and 1; 0: not yet */
        if (!before || before - 1 > from || from - (before - 1) > BB_LITERAL_GAP || before - 1 < c->sentence) return;
    }
    if (end->piece + 1 == l->pieces) {
        mark(c->t, c->sight, l);
        return;
    }
    uint32_t *last = bb_map_put(&c->sight->gapped, number_of(l, end->piece));
    if (last) *last = (uint32_t)to + 1;
}

/* Follows the literals that begin at `from`. */
static void walk(scan *c, bool from_start, size_t from)
{
    const bb_trie *t = c->t;
    const char *p = c->s.p;
    uint32_t at = bb_map_get(&t->edges, root_edge(from_start, (const unsigned char *)p + from));
    for (size_t to = from + 2; at; to++) {
        const bb_node *node = &t->nodes[at];
        const char *bytes = t->bytes + node->bytes;
        c->sight->steps++;
        if (node->n > c->s.n - to) return;
        for (size_t i = 0; i < node->n; i++)
            if (bytes[i] != p[to + i]) return;
        to += node->n;
        for (uint32_t e = node->out; e; e = t->ends[e].next) piece_seen(c, &t->ends[e], from, to);
        if (to == c->s.n) return;
        at = bb_map_get(&t->edges, edge(at, (unsigned char)p[to]));
    }
}

void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight)
{
    scan c = {t, folded, 0, sight};
    bool word_before = false;
    for (size_t i = 0; i + 1 < folded.n; i++) {
        unsigned char byte = (unsigned char)folded.p[i];
        if ((byte & 0xc0) == 0x80) continue; /* inside a character */
        bool word = bb_word_byte(byte);
        if (byte == BB_FOLD_BREAK) c.sentence = i + 1;
        if (t->words[byte] && !(word && word_before)) walk(&c, true, i);
        if (t->parts[byte]) walk(&c, false, i);
        word_before = word;
    }
}
