#include "sound_request.h"

#include "pydantic.h"
#include "utf8.h"

#include <math.h>
#include <stdlib.h>

/* The two-letter codes of ISO 639-1 as pycountry 26.2.16 has them, in order, two letters each. */
static const char language_codes[] = "aaabaeafakamanarasavayazbabebgbibmbnbobrbscacechcocrcscucvcydadedvdzeee"
                                     "leneoeseteufafffifjfofrfygagdglgngugvhahehi"
                                     "hohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalbl"
                                     "glilnloltlulvmgmhmimkmlmnmrmsmtmynanbndneng"
                                     "nlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesgshsiskslsmsnsosqs"
                                     "rssstsusvswtatetgthtitktltntotrtstttwtyuguk"
                                     "uruzvevivowawoxhyiyozazhzu";

/* The lower-case form of an ASCII letter or of KELVIN SIGN, the only others whose lower case is an ASCII
 * letter. */
static bool language_letter(struct str *text, char *ret)
{
    if (str_starts_with(*text, STR("\xe2\x84\xaa"))) {
        *text = str_from_offset(*text, 3);
        *ret = 'k';
        return true;
    }
    if (text->size == 0)
        return false;
    char c = text->data[0];
    *ret = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    *text = str_from_offset(*text, 1);
    return *ret >= 'a' && *ret <= 'z';
}

/* Rule: pydantic_extra_types LanguageAlpha2: lower-cased, then looked up. */
static void decode_language(struct pydantic *errors, const struct json *input, struct str *ret_language)
{
    struct str text;
    char letters[2];
    const struct pydantic_loc *loc = LOC(NULL, "language");
    if (!pydantic_str_or_none(errors, loc, input, &text) || !text.data)
        return;
    if (utf8_has_surrogate(text)) { /* lower-casing needs a whole text */
        pydantic_fault(errors, loc, STR("string_unicode"),
                       STR("Input should be a valid string, unable to parse raw data as a unicode string"),
                       input);
        return;
    }
    bool is_pair =
        language_letter(&text, &letters[0]) && language_letter(&text, &letters[1]) && text.size == 0;
    for (size_t i = 0; is_pair && i + 2 < sizeof language_codes; i += 2)
        if (memcmp(language_codes + i, letters, 2) == 0) {
            *ret_language = (struct str){language_codes + i, 2};
            return;
        }
    pydantic_fault(errors, loc, STR("language_alpha2"), STR("Invalid language alpha2 code"), input);
}

/* int | None. Digits beyond what a double holds are infinite. */
static void decode_delay(struct pydantic *errors, const struct json *input,
                         struct transcription_request *request)
{
    struct str digits;
    char copy[400];
    if (input->kind == JSON_NULL ||
        !pydantic_int(errors, LOC(NULL, "target_streaming_delay_ms"), input, &digits))
        return;
    request->has_delay = true;
    if (digits.size >= sizeof copy) {
        request->delay_ms = digits.data[0] == '-' ? -HUGE_VAL : HUGE_VAL;
        return;
    }
    memcpy(copy, digits.data, digits.size);
    copy[digits.size] = '\0';
    request->delay_ms = strtod(copy, NULL);
}

/* A member that is there and wrong is a fault; absent ones keep their default. */
static void decode_text_or_none(struct pydantic *errors, const struct pydantic_loc *loc,
                                const struct json *body, struct str *ret_text)
{
    const struct json *input = json_get(body, loc->key);
    *ret_text = (struct str){NULL, 0};
    if (input)
        pydantic_str_or_none(errors, loc, input, ret_text);
}

/* {"audio": {"data": ...}} stands for {"audio": ...}. Rule: _flatten_audio_dict. */
static enum sidetok_error flatten_audio(struct call *call, const struct json *body, struct json *ret_body)
{
    const struct json *audio = json_get(body, STR("audio"));
    const struct json *data = audio ? json_get(audio, STR("data")) : NULL;
    *ret_body = *body;
    if (!data)
        return SIDETOK_OK;
    struct json_member *members = call_alloc_array(call, body->object.n, sizeof *members);
    if (!members)
        return SIDETOK_E_NO_MEMORY;
    memcpy(members, body->object.members, body->object.n * sizeof *members);
    for (size_t i = 0; i < body->object.n; i++)
        if (str_equal(members[i].key, STR("audio")))
            members[i].value = *data;
    ret_body->object.members = members;
    return SIDETOK_OK;
}

static void decode_streaming(struct pydantic *errors, const struct json *input,
                             struct transcription_request *request)
{
    static const struct str modes[] = {{"disabled", 8}, {"online", 6}, {"offline", 7}};
    size_t mode;
    if (input && pydantic_enum(errors, LOC(NULL, "streaming"), input, modes, 3, &mode))
        request->streaming = (enum streaming_mode)mode;
}

/* The fields after those of every request, in the order of the class. */
static void decode_transcription_fields(struct pydantic *errors, const struct json *body,
                                        struct transcription_request *request)
{
    struct str unused;
    bool strict;
    decode_text_or_none(errors, LOC(NULL, "id"), body, &unused);
    decode_text_or_none(errors, LOC(NULL, "model"), body, &unused);
    const struct json *audio = pydantic_required(errors, LOC(NULL, "audio"), body);
    if (audio)
        pydantic_str_or_bytes(errors, LOC(NULL, "audio"), audio, &request->audio, &request->audio_is_bytes);
    const struct json *language = json_get(body, STR("language"));
    if (language)
        decode_language(errors, language, &request->language);
    const struct json *is_strict = json_get(body, STR("strict_audio_validation"));
    if (is_strict)
        pydantic_bool(errors, LOC(NULL, "strict_audio_validation"), is_strict, &strict);
    decode_streaming(errors, json_get(body, STR("streaming")), request);
    const struct json *delay = json_get(body, STR("target_streaming_delay_ms"));
    if (delay)
        decode_delay(errors, delay, request);
}

static enum sidetok_error check_mapping(struct call *call, const struct json *body, const char *class_name)
{
    if (body->kind == JSON_OBJECT)
        return SIDETOK_OK;
    return failure_set(call, SIDETOK_E_TYPE, "%s() argument after ** must be a mapping, not %.*s", class_name,
                       STR_ARG(pydantic_type_name(body)));
}

enum sidetok_error request_decode_transcription(struct call *call, const struct json *body,
                                                struct transcription_request *ret_request)
{
    static const struct str fields[] = {
        {"temperature", 11},
        {"top_p", 5},
        {"max_tokens", 10},
        {"random_seed", 11},
        {"id", 2},
        {"model", 5},
        {"audio", 5},
        {"language", 8},
        {"strict_audio_validation", 23},
        {"streaming", 9},
        {"target_streaming_delay_ms", 25},
    };
    struct pydantic errors;
    struct json flat;
    *ret_request = (struct transcription_request){0};
    TRY(check_mapping(call, body, "mistral_common.protocol.transcription.request.TranscriptionRequest"));
    TRY(flatten_audio(call, body, &flat));
    pydantic_init(&errors, call, STR("TranscriptionRequest"));
    pydantic_completion_fields(&errors, &flat, json_get(&flat, STR("random_seed")));
    decode_transcription_fields(&errors, &flat, ret_request);
    pydantic_no_extra(&errors, NULL, &flat, fields, sizeof fields / sizeof *fields, 0);
    bool has_bytes = ret_request->audio_is_bytes && ret_request->audio.size > 0;
    if (errors.n == 0 && ret_request->streaming == STREAMING_ONLINE && has_bytes)
        pydantic_value_error(
            &errors, NULL,
            STR("ONLINE streaming audio must be a base64 text value or empty prefill; received bytes."),
            body);
    return pydantic_finish(&errors);
}

enum sidetok_error request_decode_speech(struct call *call, const struct json *body,
                                         struct speech_request *ret_request)
{
    static const struct str fields[] = {{"temperature", 11}, {"top_p", 5}, {"max_tokens", 10},
                                        {"random_seed", 11}, {"id", 2},    {"model", 5},
                                        {"input", 5},        {"voice", 5}, {"ref_audio", 9}};
    struct pydantic errors;
    struct str unused;
    *ret_request = (struct speech_request){0};
    TRY(check_mapping(call, body, "mistral_common.protocol.speech.request.SpeechRequest"));
    pydantic_init(&errors, call, STR("SpeechRequest"));
    pydantic_completion_fields(&errors, body, json_get(body, STR("random_seed")));
    decode_text_or_none(&errors, LOC(NULL, "id"), body, &unused);
    decode_text_or_none(&errors, LOC(NULL, "model"), body, &unused);
    const struct json *input = pydantic_required(&errors, LOC(NULL, "input"), body);
    if (input)
        pydantic_str(&errors, LOC(NULL, "input"), input, &ret_request->input);
    decode_text_or_none(&errors, LOC(NULL, "voice"), body, &ret_request->voice);
    const struct json *audio = json_get(body, STR("ref_audio"));
    if (audio && audio->kind != JSON_NULL)
        pydantic_str_or_bytes(&errors, LOC(NULL, "ref_audio"), audio, &ret_request->ref_audio,
                              &ret_request->ref_audio_is_bytes);
    pydantic_no_extra(&errors, NULL, body, fields, sizeof fields / sizeof *fields, 0);
    if (errors.n == 0 && !ret_request->ref_audio.data && !ret_request->voice.data)
        pydantic_value_error(&errors, NULL, STR("Either ref_audio or voice must be defined."), body);
    return pydantic_finish(&errors);
}
