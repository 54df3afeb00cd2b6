#include "app/calendar_at_hand.h"

#include <mutex>

#include "app/paths.h"
#include "calendar/load.h"

namespace tongban::app {
namespace {

struct AtHand {
  std::once_flag once;
  pack::FindCalendar find;
  std::optional<Error> trouble;

  void load() {
    Result<std::string> packs = find_packs_directory("");
    if (!packs.ok()) {
      trouble = packs.error();
      return;
    }
    Result<calendar::Editions> editions = calendar::load_editions(*packs + "/china/calendar");
    if (!editions.ok()) {
      trouble = editions.error();
      return;
    }
    find = pack::calendar_of(std::make_shared<const calendar::Editions>(std::move(editions).value()));
  }
};

}  // namespace

pack::FindCalendar calendar_at_hand() {
  return [at_hand = std::make_shared<AtHand>()](const pack::AskedCalendar& asked,
                                                const feel::EvalContext& context) -> Result<const calendar::Calendar*> {
    std::call_once(at_hand->once, [&] { at_hand->load(); });
    if (at_hand->trouble) return *at_hand->trouble;
    return at_hand->find(asked, context);
  };
}

}  // namespace tongban::app
