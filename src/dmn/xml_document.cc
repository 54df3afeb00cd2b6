#include "dmn/xml_document.h"

#include <algorithm>
#include <pugixml.hpp>

#include "base/text.h"
#include "dmn/xml.h"

namespace tongban::dmn {
namespace {

// The deepest nesting, or more than the bound. Walks without recursion.
bool is_too_deep(const pugi::xml_node& root) {
  pugi::xml_node node = root.first_child();
  int depth = 1;
  while (node) {
    if (depth > kMaxXmlDepth) return true;
    if (node.first_child()) {
      node = node.first_child();
      ++depth;
      continue;
    }
    while (node && node != root && !node.next_sibling()) {
      node = node.parent();
      --depth;
    }
    if (!node || node == root) return false;
    node = node.next_sibling();
  }
  return false;
}

}  // namespace

XmlDocument::XmlDocument() : document_(std::make_unique<pugi::xml_document>()) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

Result<XmlDocument> XmlDocument::parse(std::string_view text) {
  if (text.size() > kMaxXmlBytes) {
    return fail(Trouble::no_space, "the file is larger than " + std::to_string(kMaxXmlBytes >> 20) + " MB");
  }
  if (!is_valid_utf8(text)) return fail(Trouble::invalid_input, "the file is not UTF-8 text");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  XmlDocument out;
  out.text_ = text;
  out.lines_.push_back(0);
  for (size_t i = 0; i < out.text_.size(); ++i) {
    if (out.text_[i] == '\n') out.lines_.push_back(i + 1);
  }
  const unsigned flags = pugi::parse_default | pugi::parse_ws_pcdata_single | pugi::parse_doctype;
  const pugi::xml_parse_result parsed =
      out.document_->load_buffer(out.text_.data(), out.text_.size(), flags, pugi::encoding_utf8);
  if (!parsed) {
    const Position at = out.position_of(static_cast<size_t>(parsed.offset));
    return fail(Trouble::invalid_input, "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) +
                                            ": this is not well-formed XML (" + parsed.description() + ")");
  }
  for (const pugi::xml_node& node : out.document_->children()) {
    if (node.type() == pugi::node_doctype) {
      return fail(Trouble::invalid_input, "the file has a document type declaration (<!DOCTYPE …>), which is refused");
    }
  }
  if (is_too_deep(*out.document_)) {
    return fail(Trouble::no_space, "elements are nested deeper than " + std::to_string(kMaxXmlDepth) + " levels");
  }
  return out;
}

pugi::xml_node XmlDocument::root() const { return document_->document_element(); }

Position XmlDocument::position(const pugi::xml_node& node) const {
  const ptrdiff_t offset = node.offset_debug();
  return offset < 0 ? Position{} : position_of(static_cast<size_t>(offset));
}

Position XmlDocument::position_of(size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), offset);
  const auto line = static_cast<size_t>(after - lines_.begin());
  const size_t start = lines_[line - 1];
  const size_t column = count_characters(std::string_view(text_).substr(start, offset - start));
  return {static_cast<int>(line), static_cast<int>(column) + 1};
}

std::string_view prefix_of(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

namespace {
std::string_view without_prefix(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}
}  // namespace

std::string_view local_name(const pugi::xml_node& node) { return without_prefix(node.name()); }

pugi::xml_node child_of(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_element && local_name(child) == name) return child;
  }
  return {};
}

std::string text_of(const pugi::xml_node& node) {
  std::string out;
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
  }
  return out;
}

std::string_view attribute_of(const pugi::xml_node& node, std::string_view name) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    if (name == attribute.name()) return attribute.value();
  }
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    if (without_prefix(attribute.name()) == name && !std::string_view(attribute.name()).starts_with("xmlns"))
      return attribute.value();
  }
  return {};
}

std::string collapse(std::string_view text) {
  std::string out;
  for (const char c : trim(text)) {
    const bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_space)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

}  // namespace tongban::dmn
