// A random expression made of the bytes: the compiled evaluator gives what a plain walk over the tree gives, whether
// the types of the variables are known or not.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/check.h"
#include "feel/feel.h"
#include "feel_walk_make.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  for (const bool typed : {true, false}) {
    const tongban::walk::Compared compared = tongban::walk::compare({data, size}, typed);
    if (!compared.agree()) {
      std::fprintf(stderr, "%s\n  walked   %s\n  compiled %s\n", compared.expression.c_str(), compared.walked.c_str(),
                   compared.compiled.c_str());
    }
    CHECK(compared.agree());
  }
  return 0;
}
