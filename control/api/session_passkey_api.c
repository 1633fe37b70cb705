/* /api/v1/session/passkey: signing in with a passkey, alone or as the second step. */
#include "control/api/api.h"
#include "control/audit.h"
#include "control/input.h"
#include "control/passkey.h"
#include "control/session.h"

/* Without a name: a device knows whose passkeys it has, so nothing can be asked about anybody. */
void api_session_passkey_begin(struct call *c)
{
    bool second_step = false;
    const struct input_row rows[] = {
        {.name = "second_step", .kind = INPUT_BOOL, .to = &second_step},
    };
    if (!input_body(c, rows, ARRAY_LEN(rows)) || !passkey_possible(c) ||
        (second_step && !session_open_half(c)) ||
        !passkey_begin_sign(c, second_step ? &c->session.user : NULL))
        return;
    audit_nothing(c); /* nobody is signed in yet */
}

static void sign_in(struct call *c, const struct passkey_found *k)
{
    struct buf after;
    if (!session_start(c, k->user))
        return;
    buf_init(&after, 4096);
    (void)buf_add_lit(&after, "{\"passkey\":");
    (void)buf_add_json(&after, str_of(k->name));
    (void)buf_add_lit(&after, "}");
    audit_note(c, k->user, STR_NULL, buf_str(&after));
    buf_fini(&after);
    session_answer(c);
}

void api_session_passkey_create(struct call *c)
{
    struct passkey_answer a = {0};
    struct passkey_found k;
    const struct input_row rows[] = {
        {.name = "id", .kind = INPUT_TEXT, .required = true, .min = 1, .max = 1364, .to = &a.id},
        {.name = "client_data",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = WEBAUTHN_DATA_MAX,
         .to = &a.client_data},
        {.name = "authenticator_data",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = WEBAUTHN_DATA_MAX,
         .to = &a.auth_data},
        {.name = "signature",
         .kind = INPUT_TEXT,
         .required = true,
         .min = 1,
         .max = WEBAUTHN_DATA_MAX,
         .to = &a.signature},
        {.name = "user_handle", .kind = INPUT_TEXT, .max = 86, .to = &a.user_handle},
    };
    if (input_body(c, rows, ARRAY_LEN(rows)) && passkey_possible(c) &&
        passkey_finish_sign(c, &a, &k))
        sign_in(c, &k);
}
