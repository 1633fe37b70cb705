/* What the files of the stream step share. */
#ifndef DOTEB_STEPS_STREAM_PRIV_H
#define DOTEB_STEPS_STREAM_PRIV_H

#include "gateway/request.h"

/* ---- stream.c */

/* Where the next bytes go: behind what is held back already. */
struct buf *stream_sink(struct req *r);
/* What an answer or event told joins what is known (r->out.answer). */
void stream_note(struct req *r, const struct dialect_answer *an);
/* The first content is there: the status may go out. Safe to call again. */
void stream_begin(struct req *r);
/* What a failure told by the provider inside a 200 means. */
enum err stream_judge(const struct dialect_answer *an);
/* Cost and metadata for the client, if it gets them, and nothing if not; after settle. */
void stream_extra(struct req *r, struct dialect_extra *extra);
/* A whole answer was read (r->out.answer): is it one? NEXT, or what the failure leads to. */
enum step_rc stream_accept(struct req *r);

/* Waits the client's bytes beyond measure? Then the provider is made to wait. */
bool stream_full(struct req *r);
/* The provider may go on, if the client has caught up. */
void stream_resume(struct req *r);
/* Nothing more is wanted of the provider. */
void stream_end_transfer(struct req *r);

/* ---- stream_binary.c: bytes that nobody reads */

enum step_rc binary_answer(struct req *r);

/* ---- stream_pass.c: both sides speak one dialect */

enum step_rc pass_frame(struct req *r, const struct frame *f);
/* The stream ended well: what is still owed, then the terminator, into r->out.tail. */
void pass_finish(struct req *r);
/* The whole body is there: NEXT when r->out.tail has the answer. */
enum step_rc pass_answer(struct req *r);

/* ---- stream_convert.c: the sides differ */

enum step_rc convert_frame(struct req *r, const struct frame *f);
void convert_finish(struct req *r);
enum step_rc convert_answer(struct req *r);
/* The same for an answer of vectors. (stream_vectors.c) */
enum step_rc convert_vectors(struct req *r);
/* Forgets what a failed attempt's answer has led to. */
void convert_forget(struct req *r);
/* The writer's state for an error event, NULL if it never wrote. */
void *convert_writer(const struct req *r);

#endif
