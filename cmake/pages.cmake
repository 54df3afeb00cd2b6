# The built pages (build/web, made by `npm run build` in web/) as a part of the program. Without them everything builds
# too; the program then says where pages come from.
find_library(BROTLI_ENCODER brotlienc REQUIRED)
find_package(ZLIB REQUIRED)
add_executable(embed_pages ${CMAKE_SOURCE_DIR}/tools/embed_pages.cc)
target_link_libraries(embed_pages PRIVATE ${BROTLI_ENCODER} ZLIB::ZLIB OpenSSL::Crypto)

# tongban_pages_bundle(NAME FOLDER): NAME.bundle in the build folder, made anew when a file of FOLDER changes.
function(tongban_pages_bundle name folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${folder}/portal/* ${folder}/desk/*)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/${name}.bundle
    COMMAND embed_pages ${folder} ${CMAKE_BINARY_DIR}/${name}.bundle
    DEPENDS embed_pages ${files} VERBATIM)
  add_custom_target(${name}_bundle DEPENDS ${CMAKE_BINARY_DIR}/${name}.bundle)
endfunction()

tongban_pages_bundle(pages ${CMAKE_SOURCE_DIR}/build/web)
tongban_pages_bundle(test_pages ${CMAKE_SOURCE_DIR}/tests/pages)

file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/embedded_pages.cc @ONLY CONTENT [[
#include <string_view>
asm(R"(
.section .rodata
.global tongban_pages_begin
.global tongban_pages_end
tongban_pages_begin:
.incbin "@CMAKE_BINARY_DIR@/pages.bundle"
tongban_pages_end:
.byte 0
.text
)");
extern "C" const char tongban_pages_begin[], tongban_pages_end[];
namespace tongban::http {
std::string_view embedded_pages();
std::string_view embedded_pages() {
  return {tongban_pages_begin, static_cast<size_t>(tongban_pages_end - tongban_pages_begin)};
}
}  // namespace tongban::http
]])
add_library(tongban_pages STATIC ${CMAKE_BINARY_DIR}/embedded_pages.cc)
set_source_files_properties(${CMAKE_BINARY_DIR}/embedded_pages.cc PROPERTIES
  OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/pages.bundle)
# ccache would not see a change of the bundle.
set_target_properties(tongban_pages PROPERTIES CXX_COMPILER_LAUNCHER "")
