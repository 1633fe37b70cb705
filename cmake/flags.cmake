# Compiler and linker flags of every target. Warnings are those of docs/development.md.
add_compile_definitions(_GNU_SOURCE DOTEB_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wformat=2 -Wvla
  -Wimplicit-fallthrough -fno-strict-aliasing -fno-common)
if(DOTEB_WERROR)
  add_compile_options(-Werror)
endif()
include_directories(${CMAKE_SOURCE_DIR})

if(DOTEB_SANITIZE)
  if(DOTEB_SANITIZE STREQUAL "address")
    set(kinds "address,undefined")
  else()
    set(kinds "${DOTEB_SANITIZE}")
  endif()
  add_compile_options(-fsanitize=${kinds} -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1)
  add_link_options(-fsanitize=${kinds})
  add_compile_definitions(DOTEB_SANITIZED=1)
else()
  add_compile_options(-g)
endif()

if(DOTEB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # coverage of the libraries, for the fuzzer
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  add_compile_options(-O2 -fstack-protector-strong -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-pie -Wl,-z,relro,-z,now)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(failpoints_default OFF)
else()
  set(failpoints_default ON)
endif()
option(DOTEB_FAILPOINTS "places where tests make the gateway die or fail (gateway/failpoint.h)"
  ${failpoints_default})
if(DOTEB_FAILPOINTS)
  add_compile_definitions(DOTEB_FAILPOINTS=1)
endif()
