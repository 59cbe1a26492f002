# the benchmarks: one program, run by `make bench`
file(GLOB sources CONFIGURE_DEPENDS bench/*.c)
get_property(rooms GLOBAL PROPERTY JC_ROOMS)
list(TRANSFORM rooms PREPEND jc_)
add_executable(jc_bench EXCLUDE_FROM_ALL ${sources})
target_include_directories(jc_bench PRIVATE include src bench tests)
target_link_libraries(jc_bench PRIVATE jc_flags ${rooms} PkgConfig::JANSSON m)
if(JC_CUDA) # what a GPU reaches, by cuBLAS
  add_library(jc_bench_gpu STATIC EXCLUDE_FROM_ALL bench/gpu.cu)
  target_link_libraries(jc_bench_gpu PUBLIC CUDA::cudart_static CUDA::cublas)
  target_compile_definitions(jc_bench PRIVATE JC_CUDA)
  target_link_libraries(jc_bench PRIVATE jc_bench_gpu)
endif()

# what drafters gain, on a model and texts that are named
add_executable(jc_bench_drafts EXCLUDE_FROM_ALL bench/drafts/bench_drafts.c)
target_link_libraries(jc_bench_drafts PRIVATE jc_flags jumpcut_shared)
