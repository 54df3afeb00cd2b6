// A parsed XML text with positions, private to dmn: the guards every reader of XML needs stand here once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dmn/model.h"

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace tongban::dmn {

class XmlDocument {
 public:
  // Refuses text beyond the bounds of xml.h, other encodings than UTF-8, and document type declarations.
  static Result<XmlDocument> parse(std::string_view text);
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();
  pugi::xml_node root() const;
  Position position(const pugi::xml_node& node) const;

 private:
  XmlDocument();
  Position position_of(size_t offset) const;
  std::unique_ptr<pugi::xml_document> document_;
  std::string text_;
  std::vector<size_t> lines_;  // offsets of their starts
};

std::string_view local_name(const pugi::xml_node& node);                     // without prefix
std::string_view prefix_of(std::string_view name);                           // "" without one
pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name);  // by local name; empty node when absent
// All text inside, character data of both kinds, as written.
std::string text_of(const pugi::xml_node& node);
// An attribute by local name, or "".
std::string_view attribute_of(const pugi::xml_node& node, std::string_view name);
// White space runs become one space.
std::string collapse(std::string_view text);

}  // namespace tongban::dmn
