/* address: texts of addresses and networks, and the client behind trusted proxies. */
#include <string.h>

#include "common/address.h"
#include "tests/unit/unit.h"

static const struct {
    const char *text, *plain, *ports; /* as printed; NULL: refused */
} texts[] = {
    {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
    {"::1", "::1", "::1"},
    {"2001:DB8::1", "2001:db8::1", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
    {"192.0.2.1:443", NULL, "192.0.2.1"},
    {"[2001:db8::1]:443", NULL, "2001:db8::1"},
    {"[2001:db8::1]", NULL, "2001:db8::1"},
    {"[2001:db8::1]x", NULL, NULL},
    {"[2001:db8::1", NULL, NULL},
    {"192.0.2.1 ", NULL, NULL},
    {"192.0.2", NULL, NULL},
    {"192.0.2.01", NULL, NULL},
    {"fe80::1%eth0", NULL, NULL},
    {"unknown", NULL, NULL},
    {"_hidden", NULL, NULL},
    {"", NULL, NULL},
    {":", NULL, NULL},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc", NULL, NULL},
};

START_TEST(texts_are_read_and_printed)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (int ports = 0; ports < 2; ports++) {
            uint8_t addr[16];
            char out[ADDRESS_TEXT_MAX];
            const char *want = ports ? texts[i].ports : texts[i].plain;
            bool ok = address_parse(str_of(texts[i].text), ports != 0, addr);
            ck_assert_msg(ok == (want != NULL), "%s", texts[i].text);
            if (!ok)
                continue;
            address_print(addr, out);
            ck_assert_str_eq(out, want);
        }
    uint8_t addr[16];
    ck_assert(!address_parse(str_make("192.0.2.1\0x", 11), false, addr));
    ck_assert(!address_parse(STR_NULL, true, addr));
}
END_TEST

static const struct {
    const char *nets;
    bool ok;
} lists[] = {
    {"", true},
    {"10.0.0.0/8, fd00::/8,192.0.2.1 ,::1", true},
    {"0.0.0.0/0", true},
    {"10.0.0.0/33", false},
    {"::/129", false},
    {"10.0.0.0/", false},
    {"10.0.0.0/-1", false},
    {"10.0.0.0/8/8", false},
    {"example.com", false},
    {"private", false},
    {"10.0.0.0:80/8", false},
};

START_TEST(networks_are_read)
{
    struct address_nets nets;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        ck_assert_msg(address_nets_parse(&nets, str_of(lists[i].nets)) == lists[i].ok, "%s",
                      lists[i].nets);
}
END_TEST

static const struct {
    const char *trusted, *peer, *forwarded, *client;
} chains[] = {
    {"", "10.0.0.1", "192.0.2.7", "10.0.0.1"},
    {"10.0.0.0/8", "192.0.2.1", "192.0.2.7", "192.0.2.1"}, /* from elsewhere: a lie, perhaps */
    {"10.0.0.0/8", "10.0.0.1", "192.0.2.7", "192.0.2.7"},
    {"10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"},
    {"10.0.0.0/8", "10.0.0.1", "198.51.100.1, 192.0.2.7",
     "192.0.2.7"}, /* the first is the client's */
    {"10.0.0.0/8", "10.0.0.1", "198.51.100.1,192.0.2.7 ,10.9.9.9", "192.0.2.7"},
    {"10.0.0.0/8", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
    {"10.0.0.0/8", "10.0.0.1", "192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"},
    {"10.0.0.0/8", "10.0.0.1", "192.0.2.7,", "10.0.0.1"},
    {"10.0.0.0/8", "10.0.0.1", ",", "10.0.0.1"},
    {"10.0.0.0/8", "10.0.0.1", "[2001:db8::7]:50123", "2001:db8::7"},
    {"::1, fd00::/8", "::1", "2001:db8::7, fd00::2", "2001:db8::7"},
    {"10.0.0.0/8", "::ffff:10.0.0.1", "192.0.2.7:4711", "192.0.2.7"},
};

START_TEST(the_client_behind_proxies)
{
    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        struct address_nets nets;
        uint8_t addr[16];
        char out[ADDRESS_TEXT_MAX];
        ck_assert(address_nets_parse(&nets, str_of(chains[i].trusted)));
        ck_assert(address_parse(str_of(chains[i].peer), false, addr));
        address_forwarded(&nets, str_of(chains[i].forwarded), addr);
        address_print(addr, out);
        ck_assert_str_eq(out, chains[i].client);
    }
}
END_TEST

UNIT_MAIN("address", texts_are_read_and_printed, networks_are_read, the_client_behind_proxies)
