/* The constants of a curl easy handle, and what its results mean. Any thread. */
#include "gateway/xfer/easy.h"

CURL *easy_new(const char *ca_file, int64_t connect_ms)
{
    CURL *e = curl_easy_init();
    ASSERT(e != NULL);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*"); /* unset, curl asks the environment each time */
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "doteb/" DOTEB_VERSION);
    if (ca_file)
        curl_easy_setopt(e, CURLOPT_CAINFO, ca_file);
    return e;
}

enum err easy_judge(CURLcode code, bool early, bool refused)
{
    if (code == CURLE_OK)
        return E_OK;
    if (refused)
        return E_ADDRESS_REFUSED;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return E_UPSTREAM_TIMEOUT;
    if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL ||
        code == CURLE_BAD_CONTENT_ENCODING || code == CURLE_HTTP2)
        return E_UPSTREAM_BAD_ANSWER;
    if (code == CURLE_URL_MALFORMAT || code == CURLE_OUT_OF_MEMORY)
        return E_INTERNAL;
    return early ? E_UPSTREAM_CONNECT : E_UPSTREAM_CUT;
}
