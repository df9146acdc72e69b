/* SPDX-License-Identifier: MIT
 *
 * Fixed words looked for in texts, many at once; and the words by which a message says what it is.
 */
#include "core/report/internal.h"

#include <string.h>

/* Where a phrase that begins with these two bytes is looked for. What may stand for white space or an apostrophe counts
 * as that, so that both spellings meet in one place. */
static size_t place_of(char first, char second)
{
    unsigned char c = (unsigned char)(bb_is_space(second) || second == '\xC2' ? ' '
                                      : second == '\xE2'                      ? '\''
                                                                              : bb_lower(second));
    return ((unsigned char)bb_lower(first) * 37u + c) % BB_PHRASE_PLACES;
}

void bb_phrase_scan_init(bb_phrase_scan *s, bb_str text, const bb_phrase *list, size_t n)
{
    *s = (bb_phrase_scan){.text = text, .list = list};
    for (size_t i = n < BB_PHRASES_MAX ? n : BB_PHRASES_MAX; i-- > 0;) {
        size_t place = place_of(list[i].words[0], list[i].words[1]);
        s->next[i] = s->head[place];
        s->head[place] = (uint16_t)(i + 1);
    }
}

/* Width of the white space at i: no-break spaces too; 0: none. */
static size_t space_at(bb_str t, size_t i)
{
    if (i >= t.n) return 0;
    if (bb_is_space(t.p[i])) return 1;
    return i + 1 < t.n && memcmp(t.p + i, "\xC2\xA0", 2) == 0 ? 2 : 0;
}

/* Length of the phrase at i of the text; 0: it is not there. */
static size_t match(bb_str t, size_t i, const char *words)
{
    size_t at = i;
    for (const char *w = words; *w; w++) {
        if (*w == ' ') {
            size_t begin = at, width;
            while ((width = space_at(t, at)) > 0) at += width;
            if (at == begin) return 0;
        } else if (*w == '\'' && at + 2 < t.n && memcmp(t.p + at, "\xE2\x80\x99", 3) == 0) {
            at += 3; /* typographic apostrophe */
        } else {
            if (at >= t.n || bb_lower(t.p[at]) != *w) return 0;
            at++;
        }
    }
    return at - i;
}

/* The next place from i on where a word may begin: in ASCII behind what is no letter or digit; many scripts put no spaces
 * between words, so that any letter of theirs may begin one. Most bytes of a text are passed over here. */
static size_t next_word(bb_str t, size_t i)
{
    bool within = i > 0 && bb_is_alnum(t.p[i - 1]);
    for (; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        bool alnum = bb_is_alnum(t.p[i]);
        if (c >= 0x80 ? c >= 0xC0 : !(alnum && within)) break;
        within = alnum;
    }
    return i;
}

const bb_phrase *bb_phrase_next(bb_phrase_scan *s, size_t *at, size_t *len)
{
    while ((s->at = next_word(s->text, s->at)) + 1 < s->text.n) {
        size_t i = s->at++;
        uint16_t k = s->head[place_of(s->text.p[i], s->text.p[i + 1])];
        if (!k) continue;
        size_t longest = 0;
        const bb_phrase *hit = NULL;
        for (; k; k = s->next[k - 1]) {
            size_t n = match(s->text, i, s->list[k - 1].words);
            if (n > longest) longest = n, hit = &s->list[k - 1];
        }
        if (!hit) continue;
        if (at) *at = i;
        if (len) *len = longest;
        return hit;
    }
    return NULL;
}

unsigned bb_phrases_in(bb_str text, const bb_phrase *list, size_t n)
{
    bb_phrase_scan s;
    unsigned senses = 0;
    bb_phrase_scan_init(&s, text, list, n);
    for (const bb_phrase *hit; (hit = bb_phrase_next(&s, NULL, NULL)) != NULL;) senses |= hit->sense;
    return senses;
}

#define F BB_SAYS_FAILED
#define D BB_SAYS_DELAYED
#define L BB_SAYS_LATE
#define U BB_SAYS_GAVE_UP
#define A BB_SAYS_AWAY
#define B BB_SAYS_ANSWERED
#define C BB_SAYS_CHALLENGE

/* Stems, so that endings do not matter; Cyrillic ones without their first letter, so that its case does not. */
static const bb_phrase announcements[] = {
    /* a failure, in English */
    {"address not found", F},
    {"addresses failed", F},
    {"address(es) failed", F},
    {"address failed", F},
    {"an error has occurred while attempting to deliver", F},
    {"an error occurred while trying to deliver", F},
    {"bounced mail", F},
    {"bounced message", F},
    {"can not be delivered", F},
    {"can't be delivered", F},
    {"cannot be delivered", F},
    {"cannot deliver", F},
    {"can not deliver", F},
    {"could not be delivered", F},
    {"could not be sent", F},
    {"could not deliver", F},
    {"could not reach", F},
    {"could not be reached", F},
    {"couldn't be delivered", F},
    {"couldn't be sent", F},
    {"couldn't deliver", F},
    {"delivery error", F},
    {"delivery fail", F},
    {"delivery has been failed", F},
    {"delivery has failed", F},
    {"delivery notification", F},
    {"delivery of the message failed", F},
    {"delivery problem", F},
    {"delivery report", F},
    {"delivery status", F},
    {"delivery subsystem", F},
    {"delivery to the following", F},
    {"delevery to the following", F},
    {"delivery unsuccessful", F},
    {"delivery was aborted", F},
    {"did not reach", F},
    {"email error", F},
    {"error delivering", F},
    {"error during delivery", F},
    {"error sending your mail", F},
    {"errors occurred during", F},
    {"failed addresses", F},
    {"failed delivery", F},
    {"failed mail", F},
    {"failed message", F},
    {"failed recipient", F},
    {"failed to deliver", F},
    {"failure delivery", F},
    {"failure notice", F},
    {"failure reasons", F},
    {"fatal errors", F},
    {"following recipient", F},
    {"had delivery errors", F},
    {"had permanent errors", F},
    {"had transient errors", F},
    {"mail delivery", F},
    {"mail error", F},
    {"mail failed", F},
    {"mail failure", F},
    {"mail system error", F},
    {"mail status report", F},
    {"message blocked", F},
    {"message could not", F},
    {"message delivery has failed", F},
    {"message not delivered", F},
    {"message undeliver", F},
    {"message rejected", F},
    {"message status - ", F},
    {"nameserver error report", F},
    {"no se pudo entregar", F},
    {"non delivery", F},
    {"non-delivery", F},
    {"nondeliver", F},
    {"not a member of this mailing list", F},
    {"not able to deliver", F},
    {"not accepting mail from", F},
    {"not be delivered", F},
    {"not been delivered", F},
    {"not delivered", F},
    {"not deliver", F},
    {"permanent error", F},
    {"permanent fatal error", F},
    {"problem delivering", F},
    {"problem with the e-mail address", F},
    {"recipient unknown", F},
    {"recipients could not", F},
    {"rejected by a remote", F},
    {"rejected mail", F},
    {"rejected message", F},
    {"rejected your message", F},
    {"return to sender", F},
    {"returned mail", F},
    {"returned message", F},
    {"returned to sender", F},
    {"returning message to sender", F},
    {"returning to sender", F},
    {"there was a problem sending", F},
    {"trouble delivering", F},
    {"unable to deliver", F},
    {"undelivered", F},
    {"undeliverable", F},
    {"unknown user", F},
    {"user unknown", F},
    {"was rejected", F},
    {"wasn't able to deliver", F},
    {"wasn't delivered", F},
    {"weren't delivered", F},
    {"your message did not", F},
    {"your message wasn't", F},
    /* Spanish, Portuguese, Italian, French */
    {"error de entrega", F},
    {"error en la entrega", F},
    {"no entregad", F},
    {"no ha podido ser entregad", F},
    {"no pudo ser entregad", F},
    {"no pudo entregar", F},
    {"no se ha podido entregar", F},
    {"no se puede entregar", F},
    {"no se han podido entregar", F},
    {"se ha producido un error", F},
    {"devuelto al remitente", F},
    {"falha na entrega", F},
    {"falha de entrega", F},
    {"foi devolvida", F},
    {"não entregue", F},
    {"não foi entregue", F},
    {"não foi possível entregar", F},
    {"não pôde ser entregue", F},
    {"não pode ser entregue", F},
    {"nao pode ser entregue", F},
    {"não pode ser enviada", F},
    {"nao pode ser enviada", F},
    {"impossibile recapitare", F},
    {"mancata consegna", F},
    {"mancato recapito", F},
    {"non è stato possibile consegnare", F},
    {"non è stato possibile recapitare", F},
    {"non è stato recapitato", F},
    {"non recapitat", F},
    {"non consegnat", F},
    {"impossible de remettre", F},
    {"n'a pas pu être", F},
    {"n'a pu être", F},
    {"n'ont pas pu être", F},
    {"non remis", F},
    {"non délivr", F},
    {"non distribu", F},
    {"échec de la remise", F},
    {"échec de remise", F},
    {"échec de livraison", F},
    /* German, Dutch, Scandinavian, Finnish */
    {"fehler bei der zustellung", F},
    {"nicht ausgeliefert werden", F},
    {"nicht zugestellt werden", F},
    {"nicht übermittelt werden", F},
    {"nicht zustellbar", F},
    {"unzustellbar", F},
    {"zustellung fehlgeschlagen", F},
    {"zustellung nicht möglich", F},
    {"fehlgeschlagene zustellung", F},
    {"zustellfehler", F},
    {"zustellungsfehler", F},
    {"niet worden afgeleverd", F},
    {"niet worden bezorgd", F},
    {"niet afgeleverd", F},
    {"niet bezorgd", F},
    {"onbestelbaar", F},
    {"kunde inte levereras", F},
    {"kunde inte skickas", F},
    {"inte kan levereras", F},
    {"kunne ikke leveres", F},
    {"kan ikke leveres", F},
    {"ikke levert", F},
    {"ei voitu toimittaa", F},
    {"toimittaminen epäonnistui", F},
    /* Slavic, Baltic, Hungarian, Romanian, Turkish, Greek */
    {"nie może zostać dostarczon", F},
    {"nie mogła zostać dostarczona", F},
    {"nie mogło zostać dostarczon", F},
    {"nie została dostarczona", F},
    {"nie dostarczon", F},
    {"niedostarcz", F},
    {"nie można dostarczyć", F},
    {"nelze doručit", F},
    {"nedoruč", F},
    {"nemohla být doručena", F},
    {"е доставлен", F},
    {"может быть доставлен", F},
    {"удалось доставить", F},
    {"евозможно доставить", F},
    {"едоставлен", F},
    {"nevarēja piegādāt", F},
    {"nepavyko pristatyti", F},
    {"nem kézbesít", F},
    {"nem sikerült kézbesíteni", F},
    {"nu a putut fi livrat", F},
    {"teslim edilemedi", F},
    {"iletilemedi", F},
    {"παράδοση απέτυχε", F},
    {"δεν ήταν δυνατή η παράδοση", F},
    /* Hebrew, Arabic, Persian, Hindi */
    {"לא ניתן למסור", F},
    {"تعذر تسليم", F},
    {"تحویل داده نشد", F},
    {"डिलीवर नहीं", F},
    /* Japanese, Chinese, Korean */
    {"送信できません", F},
    {"配信できません", F},
    {"配送できません", F},
    {"メールエラー", F},
    {"エラー通知", F},
    {"エラーメール", F},
    {"配信エラー", F},
    {"送信エラー", F},
    {"配信不能", F},
    {"届けることができません", F},
    {"届けできません", F},
    {"送信に失敗", F},
    {"无法发送", F},
    {"无法投递", F},
    {"无法送达", F},
    {"投递失败", F},
    {"退信", F},
    {"無法投遞", F},
    {"無法傳送", F},
    {"배달할 수 없", F},
    {"전송할 수 없", F},
    {"발송 실패", F},
    /* a delay */
    {"additional attempts to deliver", D},
    {"could not send mail for past", D},
    {"could not send message for past", D},
    {"delivery attempts will continue", D},
    {"delivery attempts will be continued", D},
    {"delivery incomplete", D},
    {"delivery status notification (delay", D},
    {"delayed", L},
    {"not yet been delivered", D},
    {"not yet been able to deliver", D},
    {"not yet delivered", D},
    {"not been delivered yet", D},
    {"hasn't been delivered yet", D},
    {"not been able to deliver your message yet", D},
    {"only a temporary failure", D},
    {"still being retried", D},
    {"still undelivered", D},
    {"this is a warning", D},
    {"temporary delivery", D},
    {"warning message only", D},
    {"will be retried", D},
    {"will continue to attempt", D},
    {"will continue to be attempted", D},
    {"will continue to try", D},
    {"will continue trying", D},
    {"will keep trying", D},
    {"i'll keep trying", D},
    {"we'll keep trying", D},
    {"keep on trying", D},
    {"will retry for", D},
    {"will try again", D},
    {"you do not need to resend", D},
    {"you do not need to re-send", D},
    {"wird weiterhin versucht", D},
    {"wird weiter versucht", D},
    {"wird erneut versucht", D},
    {"noch nicht zugestellt", D},
    {"noch nicht ausgeliefert", D},
    {"verzögert", D},
    {"verzoegert", D},
    {"verzögerung", L},
    {"nog niet worden bezorgd", D},
    {"nog niet worden afgeleverd", D},
    {"nog niet bezorgd", D},
    {"nog niet afgeleverd", D},
    {"vertraagd", L},
    {"pas encore été", D},
    {"pas encore pu être", D},
    {"retardé", L},
    {"aún no se ha entregado", D},
    {"aun no se ha entregado", D},
    {"aún no ha sido entregado", D},
    {"todavía no se ha entregado", D},
    {"seguirá intentando", D},
    {"ainda não foi entregue", D},
    {"ainda não pôde ser entregue", D},
    {"non è ancora stato", D},
    {"ancora stato recapitato", D},
    {"ritardat", L},
    {"jeszcze nie została dostarczona", D},
    {"ще не доставлен", D},
    {"retrasad", D},
    {"atrasad", D},
    {"still trying", L},
    {"is delayed", D},
    {"has been delayed", D},
    {"is being delayed", D},
    {"still queued", D},
    {"still in the queue", D},
    {"still in queue", D},
    {"remains in the queue", D},
    {"next attempt", D},
    {"next delivery attempt", D},
    {"will retry in", D},
    {"will retry every", D},
    {"will retry until", D},
    {"we are still trying", D},
    {"are still trying to deliver", D},
    {"am still trying", D},
    {"not succeeded so far", D},
    {"not succeeded yet", D},
    {"could not yet be delivered", D},
    {"could not be delivered yet", D},
    {"cannot be delivered yet", D},
    {"keeps trying", D},
    {"wartet noch", D},
    {"weiter versuchen", D},
    {"weiterhin versuchen", D},
    {"weitere zustellversuche", D},
    {"nächster zustellversuch", D},
    {"noch nicht gelungen", D},
    {"est en attente", D},
    {"réessaierons", D},
    {"réessayerons", D},
    {"nouvelle tentative dans", D},
    {"se volverá a intentar", D},
    {"próximo intento", D},
    {"está en cola", D},
    {"ainda está na fila", D},
    {"nova tentativa em", D},
    {"próxima tentativa", D},
    {"è in attesa", D},
    {"riproverà", D},
    {"prossimo tentativo", D},
    {"ponowimy", D},
    {"zostanie ponowion", D},
    {"kolejna próba", D},
    {"овторная попытка", D},
    {"овторим попытку", D},
    {"再送を試み", D},
    {"再度送信を試み", D},
    {"稍后重试", D},
    {"将重试", D},
    {"稍後重試", D},
    {"failed this time", D},
    {"do not resend", D},
    {"do not re-send", D},
    {"we will retry", D},
    {"i will retry", D},
    {"will be tried again", D},
    {"another attempt will be made", D},
    {"further attempts will be made", D},
    {"todavía no ha sido", D},
    {"aún no ha podido ser", D},
    {"todavía no ha podido ser", D},
    {"todavía no pudo ser", D},
    {"se reintentará", D},
    {"volverá a intentar", D},
    {"volveremos a intentar", D},
    {"reintentaremos", D},
    {"será tentada novamente", D},
    {"tentaremos novamente", D},
    {"verrà ritentat", D},
    {"riproveremo", D},
    {"nouvelle tentative sera", D},
    {"sera retenté", D},
    {"wordt opnieuw geprobeerd", D},
    {"попытки будут продолж", D},
    {"ще не был доставлен", D},
    {"再試行します", D},
    {"会继续尝试", D},
    {"将继续尝试", D},
    {"задерж", D},
    {"遅延", D},
    {"延迟", D},
    /* no further attempts */
    {"given up", U},
    {"giving up", U},
    {"gave up", U},
    {"no further attempts", U},
    {"no further delivery attempts", U},
    {"not going to try again", U},
    {"stopped trying", U},
    {"too long on the queue", U},
    {"will be deleted from queue", U},
    {"will not be retried", U},
    {"permanent failure", U},
    {"this is a permanent error", U},
    /* answering machines, by subject */
    {"abwesen", A},
    {"absence du bureau", A},
    {"absent du bureau", A},
    {"afwezig", A},
    {"auto reply", A},
    {"auto response", A},
    {"auto-reply", A},
    {"auto-response", A},
    {"auto:", A},
    {"autom. antwort", A},
    {"automated reply", A},
    {"automated response", A},
    {"automatic reply", A},
    {"automatic response", A},
    {"automatisch antwoord", A},
    {"automatische antwort", A},
    {"automatiskt svar", A},
    {"automatisk svar", A},
    {"autoreply", A},
    {"autoresponder", A},
    {"autosvar", A},
    {"away from my mail", A},
    {"away from the office", A},
    {"frånvaro", A},
    {"fuera de la oficina", A},
    {"fuori sede", A},
    {"fuori ufficio", A},
    {"i am away", A},
    {"i am currently away", A},
    {"i'm away", A},
    {"nieobecno", A},
    {"on annual leave", A},
    {"otomatik yanıt", A},
    {"out of office", A},
    {"out of the office", A},
    {"out-of-office", A},
    {"réponse automatique", A},
    {"resposta automática", A},
    {"respuesta automática", A},
    {"risposta automatica", A},
    {"vacation reply", A},
    {"втоответ", A},
    {"自動返信", A},
    {"自动回复", A},
    {"자동 응답", A},
    /* and by text */
    {"this is an automated response", B},
    {"this is an automatic response", B},
    {"this is an automatic reply", B},
    {"this is an auto-generated response", B},
    {"automated response to your message", B},
    {"i will be out of", B},
    {"i am out of the office", B},
    {"i'm out of the office", B},
    {"only notification you will receive while this person is away", B},
    /* challenges */
    {"added to the recipient's allowed list", C},
    {"are a human", C},
    {"are a person", C},
    {"are a real person", C},
    {"are human", C},
    {"are not a robot", C},
    {"added to my list of approved senders", C},
    {"confirm your message by", C},
    {"your message is being held until", C},
    {"your message is waiting for you to confirm", C},
    {"one-time verification", C},
};

#undef F
#undef D
#undef L
#undef U
#undef A
#undef B
#undef C

_Static_assert(BB_COUNT(announcements) <= BB_PHRASES_MAX, "the scan's table is too small");

unsigned bb_announced(bb_str text)
{
    return bb_phrases_in(text, announcements, BB_COUNT(announcements));
}
