# Writes OUT, a C file that holds the lines of FILE, sorted text.
file(READ "${FILE}" text HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${text}")
string(REGEX REPLACE "((0x..,){20})" "\\1\n" bytes "${bytes}")
file(WRITE "${OUT}" "/* Made by control/passwords/embed.cmake of common.txt. */\n"
  "#include \"control/password_common.h\"\n\n"
  "const char common_passwords[] = {\n${bytes}0};\n"
  "const size_t common_passwords_len = sizeof common_passwords - 1;\n")
