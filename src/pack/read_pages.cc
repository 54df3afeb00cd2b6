// What a case type says for pages alone: steps, estimates, what is similar, the ways to settle a call. No rule reads
// it.
#include <algorithm>

#include "base/text.h"
#include "pack/check.h"
#include "pack/near.h"
#include "pack/read.h"

namespace tongban::pack {
namespace {

// The steps that pages draw. Each state stands in one step at most; clocks of `estimate` must exist.
void read_steps(MapReader& reader, CaseType& type, ReadContext& context) {
  if (const Node* map = reader.find_map("steps")) {
    for (const auto& entry : map->entries) {
      check_id(entry.key, entry.source, "step", context);
      Step step;
      step.id = entry.key;
      step.source = entry.source;
      MapReader row(entry.value, "step " + entry.key, context.faults);
      step.title = row.need_text("title");
      step.title_en = row.text("title_en");
      step.help = row.text("help");
      step.help_en = row.text("help_en");
      for (const std::string& state : row.texts("states")) {
        if (!type.find_state(state)) {
          add_fault(
              context.faults, row.source_of("states"), "unknown-name",
              "step " + step.id + ": there is no state `" + state + "`." + did_you_mean(state, ids_of(type.states)));
        } else if (const Step* other = type.find_step(state)) {
          add_fault(context.faults, row.source_of("states"), "duplicate",
                    "step " + step.id + ": the state `" + state + "` stands in step " + other->id + " already.");
        } else {
          step.states.push_back(state);
        }
      }
      row.finish();
      type.steps.push_back(std::move(step));
    }
    for (const State& state : type.states) {
      if (!type.find_step(state.id))
        add_fault(context.faults, map->source, "missing", "steps: the state `" + state.id + "` stands in no step.");
    }
  }
  if (const Node* similar = reader.find_map("similar")) {
    MapReader row(*similar, "similar", context.faults);
    for (const auto& [key, target] :
         {std::pair{"place", &type.similar_place}, {"kind", &type.similar_kind}, {"text", &type.similar_text}}) {
      *target = row.text(key);
      const Field* field = target->empty() ? nullptr : type.find_field(*target);
      if (!target->empty() && !field)
        add_fault(context.faults, row.source_of(key), "unknown-name",
                  "similar: there is no field `" + *target + "`." + did_you_mean(*target, ids_of(type.fields)));
      // Strangers are told place and kind; what is found by text must stand in the index.
      if (field && (field->personal || !field->in_list))
        add_fault(context.faults, row.source_of(key), "form",
                  "similar: the field `" + *target + "` must be listed (`in_list: yes`) and not personal.");
    }
    type.similar_photo = row.text("photo");
    const Field* files = type.similar_photo.empty() ? nullptr : type.find_field(type.similar_photo);
    if (!type.similar_photo.empty() && (!files || files->kind != FieldKind::file))
      add_fault(context.faults, row.source_of("photo"), "unknown-name", "similar: `photo` must name a field of files.");
    row.finish();
    if (type.similar_text.empty())
      add_fault(context.faults, similar->source, "missing", "similar: `text` is missing: similar by which words?");
  }
  type.estimate = reader.texts("estimate");
  for (const std::string& clock : type.estimate) {
    if (!type.find_clock(clock))
      add_fault(context.faults, reader.source_of("estimate"), "unknown-name",
                "estimate: there is no clock `" + clock + "`.");
  }
}

// `ways: {dispatch: {title: 派发工单, before: [accept], action: dispatch, with: {scope: local}}}`
void read_ways(MapReader& reader, CaseType& type, ReadContext& context) {
  const Node* map = reader.find_map("ways");
  if (!map) return;
  for (const auto& entry : map->entries) {
    check_id(entry.key, entry.source, "way", context);
    const std::string what = "way " + entry.key;
    Way way;
    way.id = entry.key;
    way.source = entry.source;
    MapReader row(entry.value, what, context.faults);
    way.title = row.need_text("title");
    way.title_en = row.text("title_en");
    way.help = row.text("help");
    way.help_en = row.text("help_en");
    way.action = row.need_text("action");
    way.before = row.texts("before");
    way.with = row.text_map("with");
    row.finish();
    std::vector<const Action*> acts;
    std::vector<std::string> names = way.before;
    if (!way.action.empty()) names.push_back(way.action);
    for (const std::string& name : names) {
      const Action* action = name == "open" ? &type.open : type.find_action(name);
      if (action)
        acts.push_back(action);
      else
        add_fault(context.faults, entry.source, "unknown-name",
                  what + ": there is no action `" + name + "`." + did_you_mean(name, ids_of(type.actions)));
    }
    for (const auto& [name, value] : way.with) {
      const Field* field = nullptr;
      for (const Action* action : acts) {
        for (const Field& one : action->form) {
          if (one.id == name) field = &one;
        }
      }
      if (!field)
        add_fault(context.faults, row.source_of("with"), "unknown-name",
                  what + ": no form of its acts has an entry `" + name + "`.");
      else if (const auto made = value_of_text(*field, value); !made.ok())
        add_fault(context.faults, row.source_of("with"), "type",
                  what + ", " + name + ": " + sentence_of(made.error().message));
    }
    type.ways.push_back(std::move(way));
  }
}

// `hints: {kind: {in: hint_words, from: [title, content]}}`
void read_hints(MapReader& reader, CaseType& type, ReadContext& context) {
  const Node* map = reader.find_map("hints");
  if (!map) return;
  for (const auto& entry : map->entries) {
    const std::string what = "hint " + entry.key;
    Hint hint{.field = entry.key, .reg = {}, .from = {}, .source = entry.source};
    MapReader row(entry.value, what, context.faults);
    hint.reg = row.need_text("in");
    hint.from = row.texts("from");
    row.finish();
    const Field* field = type.find_field(entry.key);
    if (!field || field->kind != FieldKind::one_of)
      add_fault(context.faults, entry.source, "unknown-name",
                what + ": the case has no field of that name with listed values.");
    for (const std::string& id : hint.from) {
      const Field* text = type.find_field(id);
      if (!text || (text->kind != FieldKind::text && text->kind != FieldKind::long_text) || text->personal)
        add_fault(context.faults, row.source_of("from"), "unknown-name",
                  what + ": `" + id + "` is no text of the case that may be read.");
    }
    type.hints.push_back(std::move(hint));
  }
}

}  // namespace

void read_page_hints(MapReader& reader, CaseType& type, ReadContext& context) {
  read_steps(reader, type, context);
  read_ways(reader, type, context);
  read_hints(reader, type, context);
}

void check_hints(const Pack& pack, const Library& others, std::vector<Fault>& faults) {
  for (const auto& type : pack.cases) {
    for (const auto& hint : type.hints) {
      const std::string what = "case " + type.id + ": hint " + hint.field;
      const RegisterType* reg = others.find_register(pack, hint.reg);
      const Field* field = type.find_field(hint.field);
      if (!reg) {
        add_fault(faults, hint.source, "unknown-name", what + ": there is no register `" + hint.reg + "`.");
        continue;
      }
      for (const std::string& needed : {std::string("word"), hint.field}) {
        if (std::none_of(reg->fields.begin(), reg->fields.end(), [&](const Field& f) { return f.id == needed; }))
          add_fault(faults, hint.source, "unknown-name",
                    what + ": the register `" + hint.reg + "` has no field `" + needed + "`.");
      }
      for (const auto& row : reg->rows) {
        for (const auto& [name, value] : row.values) {
          const bool known = name != hint.field || !field ||
                             std::any_of(field->values.begin(), field->values.end(), [&](const auto& v) {
                               return value.kind() == feel::Value::Kind::text && v.first == value.as_text();
                             });
          if (!known)
            add_fault(faults, row.source, "enumeration",
                      what + ": " + value.to_plain_text() + " is none of the values of `" + hint.field + "`.");
        }
      }
    }
  }
}

}  // namespace tongban::pack
