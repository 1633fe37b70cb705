/* Judges base URLs that organisations give, by the instance's settings. Job threads: resolves
 * names. The gateway checks again at every connection. */
#include "control/own_url.h"

#include "control/base_url.h"
#include "control/input.h"

bool own_url_judge(struct call *c, struct str url)
{
    struct guard guard;
    const struct options *o = &c->app->opt;
    if (!o->base_url_override) {
        reply_problem(&c->reply, P_OVERRIDE_OFF, "base_url",
                      "The operator of this instance does not allow base URLs of one's own "
                      "(DOTEB_BASE_URL_OVERRIDE).");
        return false;
    }
    ASSERT(guard_parse(&guard, str_of(o->upstream_allow))); /* checked at start */
    guard.allow_private |= o->base_url_override_private;
    const char *why = base_url_complaint(url, &guard);
    return !*why || input_refuse(c, "base_url", "%s", why);
}
