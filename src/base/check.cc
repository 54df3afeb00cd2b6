#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tongban {

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "broken invariant: %s (%s:%d). Please report this; the data on disk is safe.\n", condition, file,
               line);
  std::abort();
}

}  // namespace tongban
