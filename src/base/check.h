// CHECK stops the process when an invariant of the program is broken (a bug, never bad input). The ledger on disk is
// safe: nothing unacknowledged is half written. Use Result for failures and Rejection for what people ask wrongly.
#pragma once

namespace tongban {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace tongban

#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) [[unlikely]]                             \
      ::tongban::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
