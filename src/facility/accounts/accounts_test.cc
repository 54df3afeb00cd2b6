// Sessions of telephones and codes for them. The records go into a map that stands for the store.
#include "facility/accounts/accounts.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "facility/accounts/phone_codes.h"
#include "facility/messages/sender.h"
#include "store/memory/memory_store.h"

namespace tongban::facility {
namespace {

constexpr Instant kNoon{1'612'497'600'000};
const Hash kPhone = sha256("phone:13800000001"), kOther = sha256("phone:13800000002");

std::string code_of(PhoneCodes& codes, const Hash& phone, Instant now) {
  const auto issued = codes.issue(phone, now);
  const auto* made = std::get_if<PhoneCodes::Issued>(&issued);
  return made ? made->code : "";
}

std::string wrong(const std::string& code) { return code == "000000" ? "000001" : "000000"; }

TEST(PhoneCodes, a_code_is_six_digits_and_opens_once) {
  PhoneCodes codes;
  const std::string code = code_of(codes, kPhone, kNoon);
  EXPECT_EQ(code.size(), 6u);
  EXPECT_EQ(code.find_first_not_of("0123456789"), std::string::npos);
  EXPECT_TRUE(codes.redeem(kPhone, code, kNoon));
  EXPECT_FALSE(codes.redeem(kPhone, code, kNoon));
}

TEST(PhoneCodes, a_code_belongs_to_its_number) {
  PhoneCodes codes;
  const std::string code = code_of(codes, kPhone, kNoon);
  EXPECT_FALSE(codes.redeem(kOther, code, kNoon));
  (void)code_of(codes, kOther, kNoon);
  EXPECT_TRUE(codes.redeem(kPhone, code, kNoon));
}

TEST(PhoneCodes, a_code_ends_after_ten_minutes) {
  PhoneCodes codes;
  const std::string code = code_of(codes, kPhone, kNoon);
  EXPECT_FALSE(codes.redeem(kPhone, code, kNoon.plus_ms(PhoneCodes::kValidMs)));
  EXPECT_TRUE(codes.redeem(kPhone, code, kNoon.plus_ms(PhoneCodes::kValidMs - 1)));
}

TEST(PhoneCodes, five_wrong_tries_void_the_right_code) {
  PhoneCodes codes;
  const std::string code = code_of(codes, kPhone, kNoon);
  for (int i = 0; i < PhoneCodes::kMaxTries; ++i) EXPECT_FALSE(codes.redeem(kPhone, wrong(code), kNoon));
  EXPECT_FALSE(codes.redeem(kPhone, code, kNoon));
}

TEST(PhoneCodes, four_wrong_tries_do_not) {
  PhoneCodes codes;
  const std::string code = code_of(codes, kPhone, kNoon);
  for (int i = 1; i < PhoneCodes::kMaxTries; ++i) EXPECT_FALSE(codes.redeem(kPhone, wrong(code), kNoon));
  EXPECT_TRUE(codes.redeem(kPhone, code, kNoon));
}

TEST(PhoneCodes, the_next_code_comes_after_a_minute_and_the_sixth_after_an_hour) {
  PhoneCodes codes;
  Instant now = kNoon;
  EXPECT_NE(code_of(codes, kPhone, now), "");
  const auto soon = codes.issue(kPhone, now.plus_ms(1000));
  ASSERT_TRUE(std::holds_alternative<PhoneCodes::Refused>(soon));
  EXPECT_EQ(std::get<PhoneCodes::Refused>(soon).retry_after_ms, PhoneCodes::kResendMs - 1000);
  for (int i = 1; i < PhoneCodes::kMaxInWindow; ++i) {
    now = now.plus_ms(PhoneCodes::kResendMs);
    EXPECT_NE(code_of(codes, kPhone, now), "") << i;
  }
  now = now.plus_ms(PhoneCodes::kResendMs);
  EXPECT_TRUE(std::holds_alternative<PhoneCodes::Refused>(codes.issue(kPhone, now)));
  EXPECT_NE(code_of(codes, kOther, now), "") << "another number is not touched";
  EXPECT_NE(code_of(codes, kPhone, kNoon.plus_ms(PhoneCodes::kWindowMs)), "");
}

TEST(PhoneCodes, a_right_code_does_not_give_new_codes_within_the_hour) {
  PhoneCodes codes;
  Instant now = kNoon;
  for (int i = 0; i < PhoneCodes::kMaxInWindow; ++i) {
    EXPECT_TRUE(codes.redeem(kPhone, code_of(codes, kPhone, now), now));
    now = now.plus_ms(PhoneCodes::kResendMs);
  }
  EXPECT_EQ(code_of(codes, kPhone, now), "");
}

TEST(PhoneCodes, memory_is_bounded_and_freed_after_the_hour) {
  PhoneCodes codes;
  for (size_t i = 0; i < PhoneCodes::kMaxPhones; ++i) {
    Hash phone{};
    for (size_t k = 0; k < sizeof i; ++k) phone[k] = static_cast<uint8_t>(i >> (8 * k));
    ASSERT_TRUE(std::holds_alternative<PhoneCodes::Issued>(codes.issue(phone, kNoon)));
  }
  EXPECT_TRUE(std::holds_alternative<PhoneCodes::Refused>(codes.issue(kPhone, kNoon.plus_ms(1))));
  EXPECT_NE(code_of(codes, kPhone, kNoon.plus_ms(PhoneCodes::kWindowMs)), "");
  EXPECT_EQ(codes.size(), 1u);
}

class AccountsTest : public ::testing::Test {
 protected:
  AccountsTest() { load(); }
  void load() {
    auto loaded = Accounts::load(store_,
                                 [this](std::vector<store::Record> put,
                                        std::vector<std::pair<std::string, std::string>> removed) -> Result<void> {
                                   if (meanwhile_) std::exchange(meanwhile_, nullptr)();
                                   if (full_) return fail(Trouble::no_space, "disk full");
                                   store::Transaction transaction;
                                   transaction.records = std::move(put);
                                   transaction.records_removed = std::move(removed);
                                   auto done = store_.commit({transaction});
                                   return done.ok() ? Result<void>() : Result<void>(done.error());
                                 });
    accounts_ = std::move(loaded).value();
  }
  bool signs_in(std::string_view password) {
    return std::holds_alternative<NewSession>(accounts_->sign_in("clerk", password, kNoon));
  }
  std::string link() { return accounts_->make_link({.name = "clerk", .person = "p-clerk"}, kNoon).value(); }
  store::MemoryStore store_;
  bool full_ = false;
  std::function<void()> meanwhile_;  // what another thread does while a record is written
  std::unique_ptr<Accounts> accounts_;
};

constexpr std::string_view kFirst = "a long enough passphrase", kSecond = "another long passphrase";

TEST_F(AccountsTest, a_password_that_cannot_be_stored_is_not_set_and_the_link_stays) {
  ASSERT_TRUE(accounts_->use_link(link(), kFirst, kNoon).ok());
  const std::string again = link();
  full_ = true;
  EXPECT_FALSE(accounts_->use_link(again, kSecond, kNoon).ok());
  full_ = false;
  EXPECT_TRUE(signs_in(kFirst));
  EXPECT_FALSE(signs_in(kSecond));
  EXPECT_TRUE(accounts_->use_link(again, kSecond, kNoon).ok());
  EXPECT_FALSE(accounts_->use_link(again, kFirst, kNoon).ok()) << "once";
  EXPECT_TRUE(signs_in(kSecond));
}

TEST_F(AccountsTest, the_links_of_a_removed_account_are_dead_also_for_the_next_of_that_name) {
  const std::string old = link();
  ASSERT_TRUE(accounts_->remove("clerk").ok());
  EXPECT_FALSE(accounts_->use_link(old, kFirst, kNoon).ok());
  EXPECT_EQ(accounts_->count(), 0u);
  (void)link();
  EXPECT_FALSE(accounts_->use_link(old, kFirst, kNoon).ok());
  load();
  EXPECT_FALSE(accounts_->use_link(old, kFirst, kNoon).ok());
}

TEST_F(AccountsTest, an_account_that_cannot_be_removed_stays) {
  ASSERT_TRUE(accounts_->use_link(link(), kFirst, kNoon).ok());
  full_ = true;
  EXPECT_FALSE(accounts_->remove("clerk").ok());
  full_ = false;
  EXPECT_TRUE(signs_in(kFirst));
}

TEST_F(AccountsTest, who_is_removed_or_gets_a_new_password_while_signing_in_gets_no_session) {
  ASSERT_TRUE(accounts_->use_link(link(), kFirst, kNoon).ok());
  const std::string next = link();
  meanwhile_ = [&] { ASSERT_TRUE(accounts_->use_link(next, kSecond, kNoon).ok()); };
  EXPECT_FALSE(signs_in(kFirst));
  meanwhile_ = [&] { ASSERT_TRUE(accounts_->remove("clerk").ok()); };
  EXPECT_FALSE(signs_in(kSecond));
  EXPECT_EQ(accounts_->session_count(), 0u);
  EXPECT_TRUE(store_.list_records("session").value().empty());
}

TEST_F(AccountsTest, a_telephone_session_is_found_again_also_after_a_restart) {
  const auto made = accounts_->start_phone_session(kPhone, kNoon);
  ASSERT_TRUE(made.ok());
  load();
  const auto session = accounts_->find_session(made->secret, kNoon);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->kind, Session::Kind::caller);
  EXPECT_TRUE(session->is_phone());
  EXPECT_EQ(session->phone, kPhone);
  EXPECT_TRUE(session->case_id.is_nil());
  EXPECT_FALSE(session->csrf.empty());
  EXPECT_FALSE(accounts_->find_session(made->secret, kNoon.plus_ms(Accounts::kPhoneSessionMs)));
}

TEST_F(AccountsTest, ended_sessions_do_not_pile_up) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(accounts_->start_phone_session(kPhone, kNoon).ok());
  EXPECT_EQ(accounts_->session_count(), 50u);
  ASSERT_TRUE(accounts_->start_phone_session(kPhone, kNoon.plus_ms(Accounts::kPhoneSessionMs)).ok());
  EXPECT_EQ(accounts_->session_count(), 1u);
  EXPECT_EQ(store_.list_records("session").value().size(), 1u);
}

TEST(DemoSender, keeps_the_last_fifty_with_masked_numbers) {
  DemoSender sender;
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(sender.send("138 0000 0001", "第 " + std::to_string(i) + " 条", kNoon).ok());
  const auto list = sender.list();
  ASSERT_EQ(list.size(), DemoSender::kKept);
  EXPECT_EQ(list.front().text, "第 59 条");
  EXPECT_EQ(list.front().to, "138••••••01");
}

TEST(DemoSender, short_numbers_are_masked_too) {
  EXPECT_EQ(masked_phone("12345"), "•••45");
  EXPECT_EQ(masked_phone("1"), "1");
  EXPECT_EQ(masked_phone(""), "");
}

}  // namespace
}  // namespace tongban::facility
