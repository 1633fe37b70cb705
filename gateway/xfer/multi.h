/* One curl multi handle in a worker's loop: sockets to epoll, curl's timeout to our timers. Only
 * for this folder. */
#ifndef DOTEB_XFER_MULTI_H
#define DOTEB_XFER_MULTI_H

#include <curl/curl.h>

#include "gateway/loop.h"
#include "gateway/timer.h"

struct multi;
/* A transfer ended; its easy handle is in the multi still. */
typedef void multi_done_fn(CURL *easy, CURLcode result);

/* Returns owned; borrows loop and timers. */
struct multi *multi_new(struct loop *loop, struct timers *timers, multi_done_fn *done);
/* No transfer may be in it. */
void multi_free(struct multi *m);
void multi_add(struct multi *m, CURL *easy);
void multi_remove(struct multi *m, CURL *easy);
unsigned multi_active(const struct multi *m);
/* The loop no longer watches the socket for curl. */
void multi_forget_socket(struct multi *m, curl_socket_t fd);
/* The same, and closes it: for CURLOPT_CLOSESOCKETFUNCTION. Returns what close does. */
int multi_close_socket(struct multi *m, curl_socket_t fd);

#endif
