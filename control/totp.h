/* Time-based one-time passwords (RFC 6238): SHA-1, 30 seconds, 6 digits, which is what every
 * authenticator app takes. Pure.
 */
#ifndef DOTEB_CONTROL_TOTP_H
#define DOTEB_CONTROL_TOTP_H

#include "common/buf.h"

enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_S = 30 };

/* The code of a step (Unix time / 30), with a NUL. */
void totp_code(struct str secret, int64_t step, char out[TOTP_DIGITS + 1]);
/* The step whose code this is, of the one at `wall_us` and its two neighbours (clocks differ);
 * -1: none. Takes the same time for all. */
int64_t totp_find(struct str secret, struct str code, int64_t wall_us);
/* Appends RFC 4648 Base32 without padding. */
void totp_base32(struct str bytes, struct buf *out);
/* Appends the otpauth URI that apps read from a QR code. */
void totp_uri(struct str secret, struct str account, struct buf *out);

#endif
