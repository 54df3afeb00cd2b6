// Result<T>: a value, or a failure with a sentence for people. Failures are trouble with disk, network or files;
// a rule that forbids something is a Rejection (kernel), a bug is a CHECK.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace tongban {

// What kind of trouble it is: callers choose exit codes and HTTP statuses by it, never by the text.
enum class Trouble {
  invalid_input,  // a file or argument is wrong: the message says where and what to do
  not_found,
  conflict,     // somebody else was first; deciding again may help
  no_space,     // disk full or a declared bound reached
  unavailable,  // the thing cannot be used now (locked, read-only, stopping)
  corrupt,      // stored bytes do not match their hash or form
  io,           // the system refused; the message names the call and the file
  unsupported,  // known, but not built yet
};

struct Error {
  Trouble trouble = Trouble::io;
  std::string message;  // one or more sentences: what was asked, what stands in the way, what to do next
};

// T may not be Error. Check `ok()` (or use TRY) before `value()`; a wrong access is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}
  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    CHECK(ok());
    return std::get<0>(content_);
  }
  const T& value() const& {
    CHECK(ok());
    return std::get<0>(content_);
  }
  // By value, so that `for (x : *find())` does not read a dead temporary.
  T value() && {
    CHECK(ok());
    return std::get<0>(std::move(content_));
  }
  const Error& error() const {
    CHECK(!ok());
    return std::get<1>(content_);
  }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }

 private:
  std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    CHECK(!ok());
    return *error_;
  }
  void value() const { CHECK(ok()); }

 private:
  std::optional<Error> error_;
};

inline Error fail(Trouble trouble, std::string message) { return Error{trouble, std::move(message)}; }

}  // namespace tongban

// TRY(expression): the value, or return the failure from the function around it.
#define TRY(expression)                                                  \
  ({                                                                     \
    auto try_result_ = (expression);                                     \
    if (!try_result_.ok()) return ::tongban::Error(try_result_.error()); \
    std::move(try_result_).value();                                      \
  })
