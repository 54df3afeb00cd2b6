// Who signs in: accounts of staff, their sessions, tokens of programs, one-time set-up links, and the short sessions of
// callers who showed number and secret code. Passwords are kept as argon2id (libsodium); session and token secrets only
// as SHA-256. Everything is a Record of the store, written through the engine; a copy in memory serves the reads.
// All functions may be called from any thread; sign_in takes about a tenth of a second of CPU on purpose, so call it
// from a worker.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"
#include "base/result.h"
#include "store/store.h"

namespace tongban::facility {

struct Account {
  std::string name;    // what people type, 2–64 characters
  std::string person;  // id in the register people; empty for an administrator without duties in cases
  bool administrator = false;
  std::string password;  // argon2id text; empty until set through a link
  bool must_change = false;
};

struct Session {
  enum class Kind { staff, caller, token } kind = Kind::staff;
  std::string account, person;  // staff, token
  bool administrator = false;
  Id case_id;        // caller: the one case; nil when she showed that a telephone is hers
  Hash phone{};      // caller with a telephone: its keyed hash (Engine::phone_hash), and so each case of it
  std::string csrf;  // with a cookie: to be sent back in X-CSRF-Token
  Instant expires_at;
  std::string label;  // token: its name

  bool is_phone() const { return kind == Kind::caller && case_id.is_nil(); }
};

struct NewSession {
  std::string secret;  // given to the client once
  Session session;
};

// Writes records durably before it returns.
using RecordWriter = std::function<Result<void>(std::vector<store::Record> put,
                                                std::vector<std::pair<std::string, std::string>> removed)>;

struct SignInFault {
  std::string sentence;
  int64_t retry_after_seconds = 0;  // locked out for so long; 0: not locked
};

class Accounts {
 public:
  static constexpr int64_t kSessionMs = 12 * 3600 * 1000;
  static constexpr int64_t kCallerSessionMs = 2 * 3600 * 1000;
  static constexpr int64_t kPhoneSessionMs = 12 * 3600 * 1000;
  static constexpr int64_t kSweepMs = 10 * 60 * 1000;  // ended sessions are forgotten that often
  static constexpr size_t kMaxSessions = 500'000;      // more are not begun
  static constexpr int64_t kLinkMs = 24 * 3600 * 1000;
  static constexpr int kMaxFailures = 5;
  static constexpr int64_t kLockMs = 15 * 60 * 1000;
  static constexpr size_t kMinPasswordCharacters = 10;

  static Result<std::unique_ptr<Accounts>> load(const store::Store& store, RecordWriter writer);

  // The same sentence for an unknown name and a wrong password, in about the same time.
  std::variant<NewSession, SignInFault> sign_in(std::string_view name, std::string_view password, Instant now);
  Result<NewSession> start_caller_session(const Id& case_id, Instant now);
  // For who showed that the telephone with this keyed hash is hers.
  Result<NewSession> start_phone_session(const Hash& phone, Instant now);
  // The session behind a secret, if it has not expired.
  std::optional<Session> find_session(std::string_view secret, Instant now) const;
  Result<void> sign_out(std::string_view secret);

  // A link by which one account sets its password, once, within a day. Makes the account where it is new.
  Result<std::string> make_link(Account account, Instant now);
  // Ends the sessions made with the old password. On failure nothing is changed, and the link may be used again.
  Result<void> use_link(std::string_view secret, std::string_view password, Instant now);
  Result<std::string> make_token(const std::string& account, const std::string& label, int64_t days, Instant now);
  // Puts an account with a password at once: for the demo, with random passwords only.
  Result<void> put_with_password(Account account, std::string_view password);
  // With its sessions, tokens and links. On failure nothing is changed.
  Result<void> remove(const std::string& name);
  std::vector<Account> list() const;  // without passwords
  size_t count() const;
  size_t session_count() const;  // ended ones too, until they are forgotten

 private:
  // Under mutex_: takes them out of memory; the records to remove.
  std::vector<std::pair<std::string, std::string>> end_sessions(const std::string& account, bool staff_only);
  explicit Accounts(RecordWriter writer);
  struct Failures {
    int count = 0;
    Instant locked_until;
  };
  Result<NewSession> start(Session session, Instant now, int64_t lasts_ms);
  RecordWriter writer_;
  mutable std::mutex mutex_;
  std::map<std::string, Account, std::less<>> accounts_;
  std::unordered_map<std::string, Session> sessions_;  // by hash of the secret
  Instant swept_at_{};
  std::map<std::string, std::pair<std::string, Instant>> links_;  // by hash of the secret: account, expiry
  std::map<std::string, Failures, std::less<>> failures_;  // bounded: only names that exist, and one for the rest
};

}  // namespace tongban::facility
