#include <cstring>

#include <gtest/gtest.h>

#include <mp/c/error.h>
#include <mp/c/version.h>

extern "C" {
#include <mp/process/error.h>
}

namespace mp::test {
namespace {

TEST(Status, HasNamesAndTexts)
{
    EXPECT_STREQ(mp_status_name(0), "MP_OK");
    EXPECT_STREQ(mp_status_name(5), "MP_OK");
    EXPECT_STREQ(mp_status_name(MP_ENOENT), "MP_ENOENT");
    EXPECT_STREQ(mp_status_text(MP_ENOENT), "No such file or directory");
    EXPECT_STREQ(mp_status_name(-123456), "MP_EUNKNOWN");
    EXPECT_STREQ(mp_status_text(-123456), "Unknown error");
}

TEST(Status, EqualsErrnoAndIsUnique)
{
    EXPECT_EQ(MP_ENOENT, -ENOENT);
    EXPECT_EQ(MP_ETIMEDOUT, -ETIMEDOUT);
#define EXPECT_OWN_NAME(name, value, text) EXPECT_STREQ(mp_status_name(MP_##name), "MP_" #name);
    MP_STATUS_MAP(EXPECT_OWN_NAME)
#undef EXPECT_OWN_NAME
}

TEST(Version, KnowsOlderInterfacesOnly)
{
    EXPECT_EQ(mp_version_check(MP_C_ABI), 0);
    EXPECT_EQ(mp_version_check(MP_C_ABI + 1), MP_ENOTSUP);
}

TEST(Error, IsFilledCompletely)
{
    mp_error error;
    std::memset(&error, 0x55, sizeof(error));
    EXPECT_EQ(mp_priv_fail(&error, MP_EACCES, MP_STAGE_EXEC, "spawn %s", "x"), MP_EACCES);
    EXPECT_EQ(error.status, MP_EACCES);
    EXPECT_EQ(error.stage, MP_STAGE_EXEC);
    EXPECT_EQ(error.system_code, EACCES);
    EXPECT_STREQ(error.message, "spawn x: Permission denied");
    EXPECT_EQ(mp_priv_refuse(&error, MP_EINVAL, MP_STAGE_ARGUMENT, "no"), MP_EINVAL);
    EXPECT_EQ(error.system_code, 0);
    EXPECT_STREQ(error.message, "no");
    EXPECT_EQ(mp_priv_refuse(nullptr, MP_EINVAL, MP_STAGE_ARGUMENT, "no"), MP_EINVAL);
}

TEST(Error, CutsALongMessageBetweenCharacters)
{
    // 118 bytes, then a character of two, three or four bytes that does not fit.
    for (const char* tail : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
        const std::string head(118, 'x');
        mp_error error;
        mp_priv_refuse(&error, MP_EINVAL, MP_STAGE_ARGUMENT, "%s%s", head.c_str(), tail);
        EXPECT_EQ(error.message, head);
    }
    mp_error error;
    const std::string fits = std::string(117, 'x') + "\xc3\xa9";
    mp_priv_refuse(&error, MP_EINVAL, MP_STAGE_ARGUMENT, "%sand more", fits.c_str());
    EXPECT_EQ(error.message, fits);
}

TEST(Error, QuotesTheTailOfALongOperand)
{
    EXPECT_STREQ(mp_priv_quote("short", 20).text, "'short'");
    EXPECT_STREQ(mp_priv_quote("exactly ten", 11).text, "'exactly ten'");
    EXPECT_STREQ(mp_priv_quote("one two three four", 10).text, "'...ee four'");
    EXPECT_STREQ(mp_priv_quote("line\nbreak\x7f", 20).text, "'line?break?'");
    EXPECT_EQ(std::strlen(mp_priv_quote(std::string(500, 'x').c_str(), 400).text), 95U);
}

} // namespace
} // namespace mp::test
