#include "kernel/host.h"

#include "kernel/decide.h"

namespace tongban::kernel {

pack::Host kernel_host() {
  pack::Host host;
  host.entry_name = [](std::string_view reg, std::string_view id,
                       const feel::EvalContext& eval) -> Result<feel::Value> {
    const auto* context = static_cast<const Context*>(eval.host);
    if (!context) return feel::Value::text(std::string(id));
    return feel::Value::text(context->registers->name_of(reg, id, local_date(eval.now)));
  };
  host.working_days_after = [](Date date, int64_t n, const feel::EvalContext& eval) -> Result<Date> {
    const auto* context = static_cast<const Context*>(eval.host);
    if (!context)
      return fail(Trouble::unavailable, "Working days need a calendar, and none was given to this evaluation.");
    return context->calendar->add_working_days(date, n);
  };
  return host;
}

}  // namespace tongban::kernel
