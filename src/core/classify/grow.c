/* SPDX-License-Identifier: MIT
 *
 * grow: literals as they are entered, piece by piece, and the trie that becomes of them.
 *
 * While it grows, a branch is found by hashing, so that many rules are compiled in a time that is no more than so many
 * times as long; nodes and bytes lie as they came. Then they are laid out for reading, the roots first and what
 * begins alike together, and what grew is forgotten.
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

bool bb_growth_init(bb_growth *g, bb_trie *t, bb_arena *a, bb_arena *scratch, const char *text, size_t n)
{
    *t = (bb_trie){.arena = a, .text = text, .cap_literals = n / 28 + 4};
    *g = (bb_growth){.arena = scratch, .trie = t, .cap_nodes = n / 20 + 4, .cap_bytes = n / 3 + 4};
    g->cap_ends = t->cap_literals + t->cap_literals / 4 + 4;
    t->literals = bb_get_array(a, t->cap_literals, sizeof *t->literals);
    g->nodes = bb_get_array(scratch, g->cap_nodes, sizeof *g->nodes);
    g->bytes = bb_get(scratch, g->cap_bytes);
    g->ends = bb_get_array(scratch, g->cap_ends, sizeof *g->ends);
    g->n_nodes = g->n_ends = 1;
    return t->literals && g->nodes && g->bytes && g->ends && bb_map_init(&g->edges, scratch, n / 20) &&
           bb_map_init(&g->head_at, scratch, n / 100);
}

/* Room for `more` bytes behind those that there are. */
static bool room(bb_growth *g, size_t more)
{
    if (g->cap_bytes - g->n_bytes >= more) return true;
    size_t cap = 2 * g->cap_bytes + more;
    char *grown = cap < UINT32_MAX ? bb_get(g->arena, cap) : NULL;
    if (!grown) return false;
    memcpy(grown, g->bytes, g->n_bytes);
    g->bytes = grown;
    g->cap_bytes = cap;
    return true;
}

/* ---- pieces into it ------------------------------------------------------------------------------------ */

/* A node for n bytes that stand at `bytes`, at the end of an edge. */
static uint32_t new_node(bb_growth *g, uint32_t from, size_t bytes, size_t n)
{
    if (g->n_nodes >= ROOTS) return 0;
    bb_bud *node = BB_PUSH(g->arena, g->nodes, g->n_nodes, g->cap_nodes);
    uint32_t *to = node ? bb_map_put(&g->edges, from) : NULL;
    if (!to) return 0;
    *node = (bb_bud){.bytes = (uint32_t)bytes, .n = (uint16_t)n};
    return *to = (uint32_t)(g->n_nodes - 1);
}

/* Lets something branch off behind the first n bytes of the node that `from` leads to: they become a node of their own
 * before it. */
static uint32_t divide(bb_growth *g, uint32_t from, uint32_t at, size_t n)
{
    size_t bytes = g->nodes[at].bytes;
    uint32_t before = new_node(g, from, bytes, n);
    uint32_t *to = before ? bb_map_put(&g->edges, edge(before, (unsigned char)g->bytes[bytes + n])) : NULL;
    if (!to) return 0;
    *to = at;
    g->nodes[at].bytes += (uint32_t)n + 1;
    g->nodes[at].n = (uint16_t)(g->nodes[at].n - n - 1);
    return before;
}

/* A node for the end of a piece, where nothing goes on with its bytes. */
static uint32_t new_leaf(bb_growth *g, uint32_t from, bb_str end)
{
    if (!room(g, end.n)) return 0;
    if (end.n) memcpy(g->bytes + g->n_bytes, end.p, end.n);
    g->n_bytes += end.n;
    return new_node(g, from, g->n_bytes - end.n, end.n);
}

/* The node at the end of a piece (two bytes at least), made where it is not there; 0: no memory. */
static uint32_t node_of(bb_growth *g, bool from_start, bb_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    size_t i = 2;
    uint32_t from = root_edge(from_start, p);
    for (;;) {
        uint32_t at = bb_map_get(&g->edges, from);
        if (!at) return new_leaf(g, from, bb_sub(text, i, BB_NPOS));
        const bb_bud *node = &g->nodes[at];
        size_t n = 0;
        while (n < node->n && i < text.n && g->bytes[node->bytes + n] == text.p[i]) n++, i++;
        if (n < node->n) at = divide(g, from, at, n);
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

static bool add_spelling(bb_growth *g, piece *p, bb_piece_end what, bb_str spelling, bb_err *err)
{
    char folded[MAX_BYTES];
    bb_str text = {folded, bb_fold(spelling, folded)};
    if (text.n < p->shortest) p->shortest = text.n;
    if (text.n < 2) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(spelling));
    uint32_t at = node_of(g, p->from_start, text);
    bb_bud_end *end = at ? BB_PUSH(g->arena, g->ends, g->n_ends, g->cap_ends) : NULL;
    if (!end) return bb_fail(err, BB_ENOMEM, "out of memory");
    what.whole_word = p->to_end;
    *end = (bb_bud_end){what, g->nodes[at].out};
    g->nodes[at].out = (uint32_t)(g->n_ends - 1);
    return true;
}

static bool add_piece(bb_growth *g, piece *p, bb_piece_end what, bb_err *err)
{
    bb_str rest = p->text, spelling;
    char plain[MAX_BYTES];
    while (next_alternative(&rest, &spelling)) {
        if (!add_spelling(g, p, what, spelling, err)) return false;
        if (!transcribe(spelling, plain)) continue;
        if (!add_spelling(g, p, what, (bb_str){plain, spelling.n}, err)) return false;
    }
    return true;
}

/* ---- first pieces that several literals have ------------------------------------------------------------ */

static bool is_head(const bb_growth *g, const bb_head *h, const piece *p)
{
    return h->from_start == p->from_start && h->to_end == p->to_end &&
           bb_eq((bb_str){g->trie->text + h->text, h->n}, p->text);
}

/* The head that the piece is, made where it is not there; NULL: no memory. */
static bb_head *head_of(bb_growth *g, const piece *p, bool *is_new)
{
    uint32_t key = p->from_start * 2U + p->to_end;
    for (size_t i = 0; i < p->text.n; i++) key = (key ^ (unsigned char)p->text.p[i]) * 16777619U;
    for (uint32_t at; (at = bb_map_get(&g->head_at, key)) != 0; key++)
        if (is_head(g, &g->heads[at - 1], p)) return &g->heads[at - 1];
    bb_head *head = BB_PUSH(g->arena, g->heads, g->n_heads, g->cap_heads);
    uint32_t *place = head ? bb_map_put(&g->head_at, key) : NULL;
    if (!place) return NULL;
    *place = (uint32_t)g->n_heads;
    *head = (bb_head){.text = (uint32_t)(p->text.p - g->trie->text),
                      .n = (uint16_t)p->text.n,
                      .number = ++g->trie->n_gapped,
                      .from_start = p->from_start,
                      .to_end = p->to_end};
    *is_new = true;
    return head;
}

static bool add_head(bb_growth *g, piece *p, bb_piece_end *what, bb_err *err)
{
    bool is_new = false;
    bb_head *head = head_of(g, p, &is_new);
    if (!head) return bb_fail(err, BB_ENOMEM, "out of memory");
    what->number = head->number;
    if (is_new && !add_piece(g, p, *what, err)) return false;
    if (is_new) head->shortest = (uint16_t)p->shortest;
    p->shortest = head->shortest;
    return true;
}

bool bb_growth_add(bb_growth *g, bb_str literal, uint32_t rule, bool unless, bb_err *err)
{
    piece pieces[MAX_PIECES];
    if (literal.n > MAX_BYTES) return bb_fail(err, BB_ECONFIG, "a literal is longer than %d bytes", MAX_BYTES);
    int n = cut(literal, pieces, err);
    if (err->code) return false;
    if (!n) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(literal));
    bb_literal *l = BB_PUSH(g->trie->arena, g->trie->literals, g->trie->n_literals, g->trie->cap_literals);
    if (!l) return bb_fail(err, BB_ENOMEM, "out of memory");
    *l = (bb_literal){.text = (uint32_t)(literal.p - g->trie->text), .rule = rule};
    bb_piece_end what = {.literal = (uint32_t)(g->trie->n_literals - 1), .rule = rule, .unless = unless};
    for (int i = 0; i < n; i++) {
        bool head = i == 0 && n > 1, last = i + 1 == n;
        what.before = what.number;
        if (!head) what.number = last ? 0 : ++g->trie->n_gapped;
        if (!(head ? add_head(g, &pieces[i], &what, err) : add_piece(g, &pieces[i], what, err))) return false;
        l->weight = (uint16_t)(l->weight + pieces[i].shortest);
    }
    return true;
}

/* ---- laid out for reading ---------------------------------------------------------------------------------- */

/* Who is whose child, and where nodes come to lie. */
typedef struct {
    bb_growth *g;
    uint32_t *first;    /* by node: its first one among the children */
    uint32_t *children; /* the edges to them: byte and node as in the growth */
    uint32_t *weights;  /* by node: how many there are from it on */
    uint32_t *order;    /* nodes, as they will lie; [0] is nobody's */
    unsigned char *bytes;
    size_t n; /* of order */
} layout;

/* Siblings side by side: where one node's children end, the next one's begin. */
static bool find_children(layout *l)
{
    const bb_map *edges = &l->g->edges;
    size_t slots = bb_map_slots(edges), n = l->g->n_nodes;
    l->first = bb_get_array(l->g->arena, n + 2, sizeof *l->first);
    l->children = bb_get_array(l->g->arena, n, sizeof *l->children);
    l->bytes = bb_get(l->g->arena, n);
    l->weights = bb_get_array(l->g->arena, n, sizeof *l->weights);
    l->order = bb_get_array(l->g->arena, n, sizeof *l->order);
    if (!l->first || !l->children || !l->bytes || !l->weights || !l->order) return false;
    for (size_t i = 0; i < slots; i++)
        if (edges->slots[i].value && edges->slots[i].key >> 8 < ROOTS) l->first[(edges->slots[i].key >> 8) + 2]++;
    for (size_t i = 1; i < n + 2; i++) l->first[i] += l->first[i - 1];
    for (size_t i = 0; i < slots; i++) {
        uint32_t node = edges->slots[i].key >> 8;
        if (!edges->slots[i].value || node >= ROOTS) continue;
        uint32_t at = l->first[node + 1]++; /* where node's children begin it is first[node] in the end */
        l->children[at] = edges->slots[i].value;
        l->bytes[at] = (unsigned char)edges->slots[i].key;
    }
    return true;
}

/* None is found that begins inside a character. */
static void put_sets(bb_trie *t, uint32_t root)
{
    unsigned char first = (unsigned char)(root >> 8);
    uint64_t set = UINT64_C(1) << (root >> 16 ? first % 32 : 32 + first % 31);
    if ((first & 0xc0) == 0x80) return;
    t->first[first] |= set;
    t->second[(unsigned char)root] |= set;
}

/* The roots lie first, side by side. */
static bool put_roots(layout *l)
{
    const bb_map *edges = &l->g->edges;
    bb_trie *t = l->g->trie;
    if (!bb_map_init(&t->roots, t->arena, 0)) return false;
    for (unsigned byte = 0; byte < 256; byte++)
        if (bb_word_byte((unsigned char)byte)) t->first[byte] = BB_SET_WORD;
    l->n = 1;
    for (size_t i = 0; i < bb_map_slots(edges); i++) {
        const bb_map_slot_at *slot = &edges->slots[i];
        if (!slot->value || slot->key >> 8 < ROOTS) continue;
        uint32_t *place = bb_map_put(&t->roots, slot->key - edge(ROOTS, 0));
        if (!place) return false;
        put_sets(t, slot->key - edge(ROOTS, 0));
        *place = (uint32_t)l->n;
        l->order[l->n++] = slot->value;
    }
    return true;
}

static void put_ends(layout *l, bb_node *to, uint32_t chain)
{
    bb_trie *t = l->g->trie;
    to->ends = chain ? (uint32_t)t->n_ends : 0;
    for (; chain; chain = l->g->ends[chain].next) {
        bb_piece_end *end = &t->ends[t->n_ends++];
        *end = l->g->ends[chain].end;
        end->more = l->g->ends[chain].next != 0;
    }
}

static void put_node(layout *l, size_t i)
{
    bb_trie *t = l->g->trie;
    uint32_t old = l->order[i];
    const bb_bud *from = &l->g->nodes[old];
    bb_node *to = &t->nodes[i];
    to->bytes = (uint32_t)t->n_bytes;
    to->n = from->n;
    memcpy(t->bytes + t->n_bytes, l->g->bytes + from->bytes, from->n);
    t->n_bytes += from->n;
    put_ends(l, to, from->out);
    to->children = (uint8_t)(l->first[old + 1] - l->first[old]); /* no piece has a line's end: 255 at most */
    to->child = (uint32_t)l->n;
    for (uint32_t k = l->first[old]; k < l->first[old + 1]; k++) {
        t->bytes[t->n_bytes++] = l->bytes[k];
        l->order[l->n++] = l->children[k];
    }
}

/* How many nodes there are from one on. Siblings that most go on from come first: they are asked one after the other, and
 * texts go on with them most often, too. */
static uint32_t weigh(layout *l, uint32_t node)
{
    uint32_t weight = 1, from = l->first[node], to = l->first[node + 1];
    for (uint32_t k = from; k < to; k++) {
        uint32_t child = l->children[k], at = k;
        unsigned char byte = l->bytes[k];
        weight += weigh(l, child);
        for (; at > from && l->weights[l->children[at - 1]] < l->weights[child]; at--) {
            l->children[at] = l->children[at - 1];
            l->bytes[at] = l->bytes[at - 1];
        }
        l->children[at] = child;
        l->bytes[at] = byte;
    }
    return l->weights[node] = weight;
}

/* All that begins as a node does lies together, as it is read together. No piece has more nodes than bytes. */
static void put_tree(layout *l, size_t i)
{
    put_node(l, i);
    const bb_node *node = &l->g->trie->nodes[i];
    for (size_t k = 0; k < node->children; k++) put_tree(l, node->child + k);
}

bool bb_growth_end(bb_growth *g)
{
    bb_trie *t = g->trie;
    layout l = {.g = g};
    t->nodes = bb_get_array(t->arena, g->n_nodes, sizeof *t->nodes);
    t->ends = bb_get_array(t->arena, g->n_ends, sizeof *t->ends);
    t->bytes = bb_get(t->arena, g->n_bytes + g->n_nodes);
    if (!t->nodes || !t->ends || !t->bytes || !find_children(&l) || !put_roots(&l)) return false;
    t->n_ends = 1;
    size_t n_roots = l.n;
    for (size_t i = 1; i < n_roots; i++) {
        weigh(&l, l.order[i]);
        put_tree(&l, i);
    }
    t->n_nodes = l.n;
    return true;
}
