# shellcheck shell=bash
# What a person needs to know of a running stack: printed at the end, and kept in .doteb/env.

write_env() {
    write_file 600 "$STATE/env" <<ENV
# This stack's addresses and secrets, written by make up. Shell syntax; keep it to yourself.
DOTEB_BASE_URL=$(base_url)
DOTEB_CONTROL_URL=$(control_url)
DOTEB_API_KEY=$(demo_key)
DOTEB_SIMULATOR_URL=$(simulator_url)
DOTEB_DATABASE_URL=$(postgres_url)
DOTEB_REDIS_URL=$(redis_url)
DOTEB_ADMIN_EMAIL=$ADMIN_EMAIL
DOTEB_ADMIN_PASSWORD=$(secret admin_password 12)
ENV
}

report() {
    cat <<TEXT

${C_GOOD}doteb is up.${C_OFF}

  Dashboard   ${C_BOLD}$(control_url)${C_OFF}
  Login       $ADMIN_EMAIL  /  $(secret admin_password 12)
  API base    ${C_BOLD}$(base_url)${C_OFF}
  Demo key    $(demo_key)

The models demo/* are a simulator: they cost nothing and need no account. Try one:

curl $(base_url)/chat/completions \\
  -H 'Authorization: Bearer $(demo_key)' \\
  -H 'Content-Type: application/json' \\
  -d '{"model": "demo/chat", "messages": [{"role": "user", "content": "Hello"}]}'

All of this is in ${STATE#"$DOTEB_ROOT"/}/env. Stop with 'make down', look with 'make status' and 'make logs'.
TEXT
}
