/* SPDX-License-Identifier: MIT
 *
 * The yardstick of a library's bare work: GMime parses every message of an mbox, walks its parts and decodes
 * the texts and reports among them. It classifies nothing.
 */
#include <fcntl.h>
#include <stdio.h>

#include <gmime/gmime.h>

typedef struct {
    size_t messages, parts, decoded;
} sums;

static void part(GMimeObject *parent, GMimeObject *object, gpointer ctx)
{
    sums *s = ctx;
    (void)parent;
    s->parts++;
    if (!GMIME_IS_PART(object)) return;
    GMimeContentType *type = g_mime_object_get_content_type(object);
    GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)object);
    if (!content || (!GMIME_IS_TEXT_PART(object) && !g_mime_content_type_is_type(type, "message", "*"))) return;
    GMimeStream *decoded = g_mime_stream_mem_new();
    g_mime_data_wrapper_write_to_stream(content, decoded);
    s->decoded += (size_t)g_mime_stream_length(decoded);
    g_object_unref(decoded);
}

int main(int argc, char **argv)
{
    sums s = {0};
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0) return 1;
    g_mime_init();
    GMimeParser *parser = g_mime_parser_new_with_stream(g_mime_stream_fs_new(fd));
    g_mime_parser_set_format(parser, GMIME_FORMAT_MBOX);
    while (!g_mime_parser_eos(parser)) {
        GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
        if (!message) break;
        s.messages++;
        g_mime_message_foreach(message, part, &s);
        g_object_unref(message);
    }
    printf("%zu messages, %zu parts, %zu octets decoded\n", s.messages, s.parts, s.decoded);
    return 0;
}
