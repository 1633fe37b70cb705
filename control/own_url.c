/* Judges base URLs that organisations give, by the instance's settings. Job threads: resolves
 * names. The gateway checks again at every connection. */
#include "control/own_url.h"

#include "control/base_url.h"
#include "control/input.h"

bool own_url_judge(struct call *c, struct str url)
{
    if (!c->app->opt.base_url_override) {
        reply_problem(&c->reply, P_OVERRIDE_OFF, "base_url",
                      "The operator of this instance does not allow base URLs of one's own "
                      "(DOTEB_BASE_URL_OVERRIDE).");
        return false;
    }
    const char *why = base_url_complaint(url, &c->app->tenant_guard);
    return !*why || input_refuse(c, "base_url", "%s", why);
}

struct str own_url_server(struct str url)
{
    ptrdiff_t scheme = str_find_str(url, STR("://"));
    size_t at = scheme < 0 ? 0 : (size_t)scheme + 3;
    while (at < url.len && url.p[at] != '/')
        at++;
    return str_make(url.p, at);
}
