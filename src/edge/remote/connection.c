/* SPDX-License-Identifier: MIT
 *
 * The connection: libcurl finds the server, makes TLS of it and logs in (CURLOPT_CONNECT_ONLY); from there on it carries
 * bytes for us.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "edge/remote/internal.h"

#define CONNECT_SECONDS 30L
#define LOGIN_SECONDS   120L /* and connecting */
#define SILENCE_SECONDS 60.0
#define STOP_SECONDS    3.0 /* what is under way may end well, where we are asked to end */
#define ANSWER_SECONDS  1800.0
#define READ_BYTES      ((size_t)64 << 10)
#define BUFFER_MAX      (BB_MESSAGE_MAX + ((size_t)2 << 20)) /* a message, and what is said around it */

/* ---- what went wrong ------------------------------------------------------------------------------------------ */

/* Codes of the server's that say "later" where it refuses a login: RFC 5530, 2449, 3206. */
static bool is_temporary(const char *line)
{
    static const char *const codes[] = {"[UNAVAILABLE]", "[INUSE]", "[IN-USE]",
                                        "[SYS/TEMP]",    "[LIMIT]", "[LOGIN-DELAY]"};
    for (size_t i = 0; i < BB_COUNT(codes); i++)
        if (bb_ifind(bb_cstr(line), bb_cstr(codes[i])) != BB_NPOS) return true;
    return false;
}

/* "A1 NO ...", "-ERR ..." */
static bool is_refusal(const char *line)
{
    bb_str tag = bb_cstr(line), word = bb_sub(tag, bb_chr(tag, ' '), BB_NPOS);
    return bb_istarts(tag, BB_S("-ERR")) || bb_istarts(word, BB_S(" NO")) || bb_istarts(word, BB_S(" BAD"));
}

/* What libcurl answers, in our words; @ is for its own, or the server's. */
static const struct {
    CURLcode code;
    bb_code ours;
    const char *text;
} troubles[] = {
    {CURLE_COULDNT_RESOLVE_HOST, BB_EAWAY, "no such host, or the DNS does not answer: @"},
    {CURLE_COULDNT_CONNECT, BB_EAWAY, "cannot connect: @"},
    {CURLE_OPERATION_TIMEDOUT, BB_EAWAY,
     "it does not answer in time: @. Is it there, and is this the port of the protocol?"},
    {CURLE_PEER_FAILED_VERIFICATION, BB_ELOGIN,
     "its certificate cannot be trusted (@). If it is signed by somebody whom this machine does not know, give his "
     "certificate with --ca FILE; the host in the URL must be the one in the certificate"},
    {CURLE_SSL_CACERT_BADFILE, BB_ENOINPUT, "the certificates to trust cannot be read (--ca FILE, in PEM): @"},
    {CURLE_SSL_CONNECT_ERROR, BB_EAWAY,
     "no TLS comes about (@). Is this the port of TLS? imaps:// is 993, pop3s:// 995, imap:// and pop3:// begin "
     "without"},
    {CURLE_USE_SSL_FAILED, BB_ELOGIN,
     "it offers no TLS (STARTTLS), so that everybody on the way could read the password: use imaps:// or pop3s://, or "
     "--no-tls where the way is safe"},
    {CURLE_LOGIN_DENIED, BB_ELOGIN, "the login was refused (@): are user and password right?"},
    {CURLE_AUTH_ERROR, BB_ELOGIN, "it offers no login for which a password is enough (@)"},
    {CURLE_WEIRD_SERVER_REPLY, BB_EDATA, "it does not speak the protocol of the URL: @"},
    {CURLE_OUT_OF_MEMORY, BB_ENOMEM, "no memory: @"},
};

/* The server's last line where libcurl has no words but "denied"; without the tag, and what a terminal obeys is escaped
 * by who shows it. */
static const char *reason(const remote_connection *c, CURLcode code, const char *curls)
{
    const char *said = strchr(c->last, ' ');
    if (code == CURLE_LOGIN_DENIED && is_refusal(c->last) && said && said[1]) return said + 1;
    return curls[0] ? curls : curl_easy_strerror(code);
}

static bool connecting_failed(const remote_connection *c, CURLcode code, const char *curls, bb_err *err)
{
    const bb_remote_url *u = &c->o->url;
    const char *why = reason(c, code, curls);
    size_t i = 0;
    while (i < BB_COUNT(troubles) && troubles[i].code != code) i++;
    if (code == CURLE_LOGIN_DENIED && is_temporary(c->last)) bb_fail(err, BB_EAWAY, "no login now: %s", why);
    else if (i == BB_COUNT(troubles)) bb_fail(err, BB_EAWAY, "%s", why);
    else {
        const char *text = troubles[i].text, *hole = strchr(text, '@');
        if (hole) bb_fail(err, troubles[i].ours, "%.*s%s%s", (int)(hole - text), text, why, hole + 1);
        else bb_fail(err, troubles[i].ours, "%s", text);
    }
    return bb_fail_in(err, "%s://%s:%u", u->scheme, u->host, u->port);
}

static bool broken_off(remote_connection *c, const char *why, bb_err *err)
{
    c->gone = true;
    return bb_fail(err, BB_EAWAY, "%s://%s:%u: %s", c->o->url.scheme, c->o->url.host, c->o->url.port, why);
}

bool remote_confused(remote_connection *c, bb_err *err, const char *what)
{
    c->gone = true;
    return bb_fail(err, BB_EDATA, "%s://%s:%u: the server does not keep to the protocol: %s", c->o->url.scheme,
                   c->o->url.host, c->o->url.port, what);
}

/* ---- connecting ----------------------------------------------------------------------------------------------- */

static size_t heard(char *bytes, size_t size, size_t n, void *ctx)
{
    remote_connection *c = ctx;
    bb_str line = bb_trim((bb_str){bytes, size * n});
    size_t fits = line.n < sizeof c->last ? line.n : sizeof c->last - 1;
    if (fits) memcpy(c->last, line.p, fits);
    c->last[fits] = '\0';
    return size * n;
}

static int asked_to_end(void *ctx, curl_off_t a, curl_off_t b, curl_off_t x, curl_off_t y)
{
    remote_connection *c = ctx;
    (void)a, (void)b, (void)x, (void)y;
    c->stopped = c->o->stop && c->o->stop();
    return c->stopped;
}

static bool is_loopback(const char *host)
{
    bb_str h = bb_cstr(host);
    return bb_eq(h, BB_S("localhost")) || bb_eq(h, BB_S("[::1]")) ||
           (bb_starts(h, BB_S("127.")) && h.p[strspn(host, "0123456789.")] == '\0');
}

/* STARTTLS for imap and pop3; the others have TLS from the start. */
static long tls_of(const bb_remote_options *o)
{
    if (o->cleartext) return CURLUSESSL_TRY;
    return is_loopback(o->url.host) && !o->ca ? CURLUSESSL_NONE : CURLUSESSL_ALL;
}

static bool set_up(CURL *curl, remote_connection *c, const char *url, char *curls)
{
    const bb_remote_options *o = c->o;
    return curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, curls) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps,pop3,pop3s") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, LOGIN_SECONDS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USE_SSL, tls_of(o)) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
           (!o->ca || curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca) == CURLE_OK) &&
           curl_easy_setopt(curl, CURLOPT_USERNAME, o->url.user) == CURLE_OK &&
           (!o->password || curl_easy_setopt(curl, CURLOPT_PASSWORD, o->password) == CURLE_OK) &&
           (!o->token || curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, o->token) == CURLE_OK) &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, heard) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, c) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, asked_to_end) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, c) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

/* PLAIN and LOGIN are what a password needs where TLS, or this machine, keeps it from others: left to itself, libcurl
 * would rather have what takes more than a password (GSSAPI). A server that has neither is asked again, for anything. */
static CURLcode dial(remote_connection *c)
{
    const bb_remote_options *o = c->o;
    const char *methods = o->token ? "AUTH=OAUTHBEARER;AUTH=XOAUTH2" : o->cleartext ? NULL : "AUTH=PLAIN;AUTH=LOGIN";
    curl_easy_setopt(c->curl, CURLOPT_LOGIN_OPTIONS, methods);
    CURLcode code = curl_easy_perform(c->curl);
    if (code != CURLE_LOGIN_DENIED || !methods || o->token || is_refusal(c->last)) return code;
    curl_easy_setopt(c->curl, CURLOPT_LOGIN_OPTIONS, NULL);
    return curl_easy_perform(c->curl);
}

bool remote_connect(remote_connection *c, const bb_remote_options *o, bb_err *err)
{
    char url[512], curls[CURL_ERROR_SIZE] = "";
    curl_socket_t fd = CURL_SOCKET_BAD;
    *c = (remote_connection){.fd = -1, .o = o};
    snprintf(url, sizeof url, "%s://%s:%u/", o->url.scheme, o->url.host, o->url.port);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return bb_fail(err, BB_EBUG, "libcurl does not start");
    c->curl = curl_easy_init();
    if (!c->curl || !set_up(c->curl, c, url, curls)) return bb_fail(err, BB_EBUG, "libcurl: %s", curls);
    CURLcode code = dial(c);
    if (code == CURLE_OK) code = curl_easy_getinfo(c->curl, CURLINFO_ACTIVESOCKET, &fd);
    if (code == CURLE_OK && fd == CURL_SOCKET_BAD) code = CURLE_COULDNT_CONNECT;
    c->fd = (int)fd;
    c->gone = code != CURLE_OK;
    bool good = code == CURLE_OK || connecting_failed(c, code, curls, err);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, NULL); /* it is gone with us */
    return good;
}

/* The goodbye is said already, or would come too late: libcurl, which would say its own and wait, finds nobody there. */
void remote_hang_up(remote_connection *c)
{
    if (c->fd >= 0) shutdown(c->fd, SHUT_RDWR);
    if (c->curl) {
        curl_easy_cleanup(c->curl);
        curl_global_cleanup();
    }
    free(c->in);
    *c = (remote_connection){.fd = -1, .gone = true};
}

/* ---- waiting -------------------------------------------------------------------------------------------------- */

/* Until there is something to read or to write, a second at most, so that whoever asks us to end is heard. */
static bool wait_a_bit(remote_connection *c, short what, double silent_since, bb_err *err)
{
    struct pollfd p = {.fd = c->fd, .events = what};
    double now = bb_os_monotonic();
    c->stopped = now - silent_since > STOP_SECONDS && c->o->stop && c->o->stop();
    if (c->stopped) return broken_off(c, "ended as asked", err);
    if (now - silent_since > SILENCE_SECONDS) return broken_off(c, "the server says nothing for a minute", err);
    if (now > c->deadline) return broken_off(c, "the server takes half an hour for an answer", err);
    poll(&p, 1, 1000);
    return true;
}

bool remote_say(remote_connection *c, bb_str line, bb_err *err)
{
    double since = bb_os_monotonic();
    if (c->gone) return broken_off(c, "the connection is gone", err);
    c->deadline = since + ANSWER_SECONDS;
    while (line.n) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(c->curl, line.p, line.n, &sent);
        if (code != CURLE_OK && code != CURLE_AGAIN) return broken_off(c, "the connection broke off", err);
        line = bb_sub(line, sent, BB_NPOS);
        if (line.n && !sent && !wait_a_bit(c, POLLOUT, since, err)) return false;
    }
    return true;
}

static bool make_room(remote_connection *c, size_t want, bb_err *err)
{
    if (!c->keeps && c->at) {
        memmove(c->in, c->in + c->at, c->n - c->at);
        c->n -= c->at;
        c->at = 0;
    }
    if (c->n > BUFFER_MAX) return remote_confused(c, err, "it says more than it was asked for");
    size_t cap = c->cap ? c->cap : 2 * READ_BYTES;
    while (cap < c->at + want || cap < c->n + READ_BYTES) cap *= 2;
    if (cap == c->cap) return true;
    char *grown = realloc(c->in, cap);
    if (!grown) return bb_fail(err, BB_ENOMEM, "no memory for what the server says");
    c->in = grown;
    c->cap = cap;
    return true;
}

bool remote_wait(remote_connection *c, size_t want, bb_err *err)
{
    double since = bb_os_monotonic();
    if (c->gone) return broken_off(c, "the connection is gone", err);
    while (c->n - c->at < want) {
        size_t got = 0;
        if (!make_room(c, want, err)) {
            c->gone = true;
            return false;
        }
        CURLcode code = curl_easy_recv(c->curl, c->in + c->n, c->cap - c->n, &got);
        if (code == CURLE_AGAIN) {
            if (!wait_a_bit(c, POLLIN, since, err)) return false;
            continue;
        }
        if (code != CURLE_OK || !got) return broken_off(c, "the connection broke off", err);
        c->n += got;
        since = bb_os_monotonic();
        if (since > c->deadline) return broken_off(c, "the server takes half an hour for an answer", err);
    }
    return true;
}
