#include "facility/accounts/accounts.h"

#include <sodium.h>

#include "base/json.h"
#include "base/text.h"

namespace tongban::facility {
namespace {

constexpr size_t kSecretCharacters = 32;  // 160 bits

std::string hash_of(std::string_view secret) { return to_hex(view_of(sha256(secret))); }

Result<std::string> hash_password(std::string_view password) {
  if (sodium_init() < 0) return fail(Trouble::unavailable, "The random generator of the system is not available.");
  char text[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(text, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0) {
    return fail(Trouble::unavailable, "There is not enough memory to hash a password; try again.");
  }
  return std::string(text);
}

Result<void> check_password(std::string_view password) {
  if (count_characters(password) < Accounts::kMinPasswordCharacters) {
    return fail(Trouble::invalid_input, "密码至少 " + std::to_string(Accounts::kMinPasswordCharacters) + " 个字符。");
  }
  if (password.size() > 256) return fail(Trouble::invalid_input, "密码最多 256 个字节。");
  return {};
}

store::Record record_of(const Account& a) {
  return {"account", a.name,
          to_json_text(json::object{{"name", a.name},
                                    {"person", a.person},
                                    {"administrator", a.administrator},
                                    {"password", a.password},
                                    {"must_change", a.must_change}})};
}

bool flag_at(const json::object& object, std::string_view key) {
  const json::value* member = find_member(object, key);
  return member && member->is_bool() && member->get_bool();
}

int64_t number_at(const json::object& object, std::string_view key) {
  const json::value* member = find_member(object, key);
  return member && member->is_int64() ? member->get_int64() : 0;
}

store::Record record_of(const std::string& hash, const Session& s) {
  static constexpr std::string_view kKinds[] = {"staff", "caller", "token"};
  json::object body{{"kind", json::string_view(kKinds[static_cast<size_t>(s.kind)])},
                    {"account", s.account},
                    {"person", s.person},
                    {"administrator", s.administrator},
                    {"case", to_text(s.case_id)},
                    {"csrf", s.csrf},
                    {"expires", s.expires_at.ms},
                    {"label", s.label}};
  if (s.is_phone()) body["phone"] = to_hex(view_of(s.phone));
  return {"session", hash, to_json_text(body)};
}

Session session_of(const json::object& o) {
  Session s;
  const auto kind = text_at(o, "kind");
  s.kind = kind == "caller" ? Session::Kind::caller : kind == "token" ? Session::Kind::token : Session::Kind::staff;
  s.account = text_at(o, "account");
  s.person = text_at(o, "person");
  s.administrator = flag_at(o, "administrator");
  s.case_id = parse_id(text_at(o, "case")).value_or(Id{});
  if (const auto phone = from_hex(text_at(o, "phone")); phone && phone->size() == s.phone.size())
    std::copy(phone->begin(), phone->end(), s.phone.begin());
  s.csrf = text_at(o, "csrf");
  s.expires_at = Instant{number_at(o, "expires")};
  s.label = text_at(o, "label");
  return s;
}

}  // namespace

Accounts::Accounts(RecordWriter writer) : writer_(std::move(writer)) {}

Result<std::unique_ptr<Accounts>> Accounts::load(const store::Store& store, RecordWriter writer) {
  std::unique_ptr<Accounts> accounts(new Accounts(std::move(writer)));
  const auto object_of = [](const store::Record& record) -> Result<json::object> {
    auto value = TRY(parse_json(record.body));
    if (!value.is_object()) return fail(Trouble::corrupt, "The record " + record.kind + " is damaged.");
    return std::move(value.get_object());
  };
  for (const auto& record : TRY(store.list_records("account"))) {
    const json::object o = TRY(object_of(record));
    accounts->accounts_[record.key] = {.name = record.key,
                                       .person = std::string(text_at(o, "person")),
                                       .administrator = flag_at(o, "administrator"),
                                       .password = std::string(text_at(o, "password")),
                                       .must_change = flag_at(o, "must_change")};
  }
  for (const auto& record : TRY(store.list_records("session")))
    accounts->sessions_[record.key] = session_of(TRY(object_of(record)));
  for (const auto& record : TRY(store.list_records("link"))) {
    const json::object o = TRY(object_of(record));
    accounts->links_[record.key] = {std::string(text_at(o, "account")), Instant{number_at(o, "expires")}};
  }
  return accounts;
}

std::variant<NewSession, SignInFault> Accounts::sign_in(std::string_view name, std::string_view password, Instant now) {
  // A real hash to compare with where the name is unknown, so that the answer takes as long.
  static const std::string decoy = [] {
    auto hash = hash_password("an unknown name");
    return hash.ok() ? *hash : std::string();
  }();
  Account account;
  std::string counted(name);
  {
    const std::lock_guard lock(mutex_);
    const auto it = accounts_.find(name);
    if (it != accounts_.end())
      account = it->second;
    else
      counted = "";  // one counter for all unknown names would lock out nobody: it is not consulted
    if (!counted.empty()) {
      const Failures& failures = failures_[counted];
      if (failures.locked_until > now &&
          failures.locked_until.ms - now.ms <= kLockMs) {  // not longer after a clock was set back
        const int64_t seconds = (failures.locked_until.ms - now.ms + 999) / 1000;
        return SignInFault{"密码连续输错，账号暂时锁定，请 " + std::to_string((seconds + 59) / 60) +
                               " 分钟后再试，或请管理员重置密码。",
                           seconds};
      }
    }
  }
  const std::string& stored = account.password.empty() ? decoy : account.password;
  const bool right = !stored.empty() &&
                     crypto_pwhash_str_verify(stored.c_str(), password.data(), password.size()) == 0 &&
                     !account.password.empty();
  if (!right) {
    const std::lock_guard lock(mutex_);
    if (!counted.empty()) {
      Failures& failures = failures_[counted];
      if (++failures.count >= kMaxFailures) {
        failures.count = 0;
        failures.locked_until = now.plus_ms(kLockMs);
      }
    }
    return SignInFault{"用户名或密码不对。请核对后再试，或请管理员重置密码。", 0};
  }
  {
    const std::lock_guard lock(mutex_);
    failures_.erase(counted);
  }
  Session session{.kind = Session::Kind::staff,
                  .account = account.name,
                  .person = account.person,
                  .administrator = account.administrator,
                  .csrf = random_code(26)};
  auto started = start(std::move(session), now, kSessionMs);
  if (!started.ok()) return SignInFault{started.error().message, 0};
  {  // Removed, or given a new password, while this one was compared: that ended the sessions there were.
    const std::lock_guard lock(mutex_);
    const auto it = accounts_.find(name);
    if (it != accounts_.end() && it->second.password == account.password) return std::move(started).value();
  }
  (void)sign_out(started->secret).ok();
  return SignInFault{"用户名或密码不对。请核对后再试，或请管理员重置密码。", 0};
}

Result<NewSession> Accounts::start(Session session, Instant now, int64_t lasts_ms) {
  NewSession made{random_code(kSecretCharacters), std::move(session)};
  made.session.expires_at = now.plus_ms(lasts_ms);
  const std::string hash = hash_of(made.secret);
  std::vector<std::pair<std::string, std::string>> ended;
  {
    const std::lock_guard lock(mutex_);
    if (now < swept_at_ || now.ms - swept_at_.ms >= kSweepMs) {
      swept_at_ = now;
      for (auto it = sessions_.begin(); it != sessions_.end();) {
        if (it->second.expires_at <= now) {
          ended.emplace_back("session", it->first);
          it = sessions_.erase(it);
        } else {
          ++it;
        }
      }
    }
    if (sessions_.size() >= kMaxSessions)
      return fail(Trouble::unavailable, "Too many people are signed in; try again later.");
  }
  TRY(writer_({record_of(hash, made.session)}, std::move(ended)));
  const std::lock_guard lock(mutex_);
  sessions_[hash] = made.session;
  return made;
}

Result<NewSession> Accounts::start_phone_session(const Hash& phone, Instant now) {
  return start({.kind = Session::Kind::caller, .phone = phone, .csrf = random_code(26)}, now, kPhoneSessionMs);
}

size_t Accounts::session_count() const {
  const std::lock_guard lock(mutex_);
  return sessions_.size();
}

Result<NewSession> Accounts::start_caller_session(const Id& case_id, Instant now) {
  return start({.kind = Session::Kind::caller, .case_id = case_id}, now, kCallerSessionMs);
}

std::optional<Session> Accounts::find_session(std::string_view secret, Instant now) const {
  if (secret.size() != kSecretCharacters) return std::nullopt;
  const std::string hash = hash_of(secret);
  const std::lock_guard lock(mutex_);
  const auto it = sessions_.find(hash);
  if (it == sessions_.end() || it->second.expires_at <= now) return std::nullopt;
  return it->second;
}

Result<void> Accounts::sign_out(std::string_view secret) {
  const std::string hash = hash_of(secret);
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(hash);
  }
  return writer_({}, {{"session", hash}});
}

Result<std::string> Accounts::make_link(Account account, Instant now) {
  if (count_characters(account.name) < 2 || account.name.size() > 64)
    return fail(Trouble::invalid_input, "用户名为 2 到 64 个字符。");
  const std::string secret = random_code(kSecretCharacters), hash = hash_of(secret);
  const Instant expires = now.plus_ms(kLinkMs);
  std::vector<store::Record> records{
      {"link", hash, to_json_text(json::object{{"account", account.name}, {"expires", expires.ms}})}};
  {
    const std::lock_guard lock(mutex_);
    const auto it = accounts_.find(account.name);
    if (it == accounts_.end()) {
      account.password.clear();
      records.push_back(record_of(account));
    }
  }
  TRY(writer_(std::move(records), {}));
  const std::lock_guard lock(mutex_);
  accounts_.try_emplace(account.name, account);
  links_[hash] = {account.name, expires};
  return secret;
}

Result<void> Accounts::use_link(std::string_view secret, std::string_view password, Instant now) {
  TRY(check_password(password));
  const std::string hash = hash_of(secret);
  Account account;
  std::pair<std::string, Instant> link;
  std::vector<std::pair<std::string, std::string>> removed{{"link", hash}};
  {
    const std::lock_guard lock(mutex_);
    const auto it = links_.find(hash);
    const auto of = it == links_.end() ? accounts_.end() : accounts_.find(it->second.first);
    if (of == accounts_.end() || it->second.second <= now)
      return fail(Trouble::not_found, "这个链接已用过或已过期。请向管理员要一个新的。");
    account = of->second;
    link = it->second;
    links_.erase(it);  // two that come at once: one is late
  }
  const auto give_back = [&](Error why) {
    const std::lock_guard lock(mutex_);
    links_[hash] = link;
    return why;
  };
  auto hashed = hash_password(password);
  if (!hashed.ok()) return give_back(hashed.error());
  account.password = std::move(*hashed);
  account.must_change = false;
  {  // a new password ends the sessions made with the old one
    const std::lock_guard lock(mutex_);
    for (const auto& [key, session] : sessions_) {
      if (session.account == account.name && session.kind == Session::Kind::staff) removed.emplace_back("session", key);
    }
  }
  if (const auto written = writer_({record_of(account)}, removed); !written.ok()) return give_back(written.error());
  {
    const std::lock_guard lock(mutex_);
    accounts_[account.name] = account;
    failures_.erase(account.name);
    for (const auto& [kind, key] : removed) sessions_.erase(key);
    removed = end_sessions(account.name, true);  // begun while it was written
  }
  return removed.empty() ? Result<void>() : writer_({}, std::move(removed));
}

Result<std::string> Accounts::make_token(const std::string& account, const std::string& label, int64_t days,
                                         Instant now) {
  Session session{.kind = Session::Kind::token, .account = account, .label = label};
  {
    const std::lock_guard lock(mutex_);
    const auto it = accounts_.find(account);
    if (it == accounts_.end()) return fail(Trouble::not_found, "没有账号 " + account + "。");
    session.person = it->second.person;
  }
  if (days < 1 || days > 3660) return fail(Trouble::invalid_input, "令牌的有效期为 1 到 3660 天。");
  auto made = TRY(start(std::move(session), now, days * kDayMs));
  return made.secret;
}

Result<void> Accounts::put_with_password(Account account, std::string_view password) {
  TRY(check_password(password));
  account.password = TRY(hash_password(password));
  TRY(writer_({record_of(account)}, {}));
  const std::lock_guard lock(mutex_);
  accounts_[account.name] = std::move(account);
  return {};
}

Result<void> Accounts::remove(const std::string& name) {
  std::vector<std::pair<std::string, std::string>> removed{{"account", name}};
  {
    const std::lock_guard lock(mutex_);
    if (!accounts_.contains(name)) return fail(Trouble::not_found, "没有账号 " + name + "。");
    for (const auto& [key, session] : sessions_) {
      if (session.account == name) removed.emplace_back("session", key);
    }
    for (const auto& [key, link] : links_) {
      if (link.first == name) removed.emplace_back("link", key);
    }
  }
  TRY(writer_({}, removed));
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [kind, key] : removed) {
      sessions_.erase(key);
      links_.erase(key);
    }
    accounts_.erase(name);
    failures_.erase(name);
    removed = end_sessions(name, false);  // begun while it was written
  }
  return removed.empty() ? Result<void>() : writer_({}, std::move(removed));
}

std::vector<std::pair<std::string, std::string>> Accounts::end_sessions(const std::string& account, bool staff_only) {
  std::vector<std::pair<std::string, std::string>> ended;
  std::erase_if(sessions_, [&](const auto& one) {
    const bool ends = one.second.account == account && (!staff_only || one.second.kind == Session::Kind::staff);
    if (ends) ended.emplace_back("session", one.first);
    return ends;
  });
  return ended;
}

std::vector<Account> Accounts::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<Account> all;
  for (const auto& [name, account] : accounts_) {
    all.push_back(account);
    all.back().password.clear();
  }
  return all;
}

size_t Accounts::count() const {
  const std::lock_guard lock(mutex_);
  return accounts_.size();
}

}  // namespace tongban::facility
