#include "kernel/host.h"

#include "kernel/decide.h"

namespace tongban::kernel {
namespace {

const Context* context_of(const feel::EvalContext& eval) {
  const auto* asked = static_cast<const Asked*>(eval.host);
  return asked ? asked->context : nullptr;
}

}  // namespace

pack::Host kernel_host() {
  pack::Host host;
  host.entry_name = [](std::string_view reg, std::string_view id,
                       const feel::EvalContext& eval) -> Result<feel::Value> {
    const Context* context = context_of(eval);
    if (!context) return feel::Value::text(std::string(id));
    return feel::Value::text(context->registers->name_of(reg, id, local_date(eval.now)));
  };
  host.find_calendar = [](const pack::AskedCalendar& asked,
                          const feel::EvalContext& eval) -> Result<const calendar::Calendar*> {
    const Context* context = context_of(eval);
    if (!context)
      return fail(Trouble::unavailable, "Working days need a calendar, and none was given to this evaluation.");
    const std::string& name = context->calendar->name();
    if (!asked.name.empty() && asked.name != "china" && asked.name != name)
      return fail(Trouble::invalid_input, "there is no calendar \"" + asked.name + "\"; there is china (" + name + ")");
    if (asked.known_on)
      return fail(Trouble::invalid_input, "a pack counts by the calendar known at the act; leave \"known on\" out");
    return context->calendar;
  };
  host.counted = [](const feel::EvalContext& eval) -> std::vector<pack::DaysCounted>* {
    const auto* asked = static_cast<const Asked*>(eval.host);
    return asked ? asked->counted : nullptr;
  };
  return host;
}

}  // namespace tongban::kernel
