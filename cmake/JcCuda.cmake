# the backend for NVIDIA GPUs: only with -DJC_CUDA=ON, which needs CUDA's compiler and runtime
# and no other library of CUDA's; see docs/cuda.md. Its kernels, the .cu files, are a library
# of their own, which calls nothing of ours; the rest are sources of the room `kernels`.
option(JC_CUDA "build the backend for NVIDIA GPUs" OFF)
if(JC_CUDA)
  if(NOT CMAKE_CUDA_ARCHITECTURES) # later GPUs run what is made for 9.0, compiled by their driver
    set(CMAKE_CUDA_ARCHITECTURES 80 90)
  endif()
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/kernels/cuda/*.cu)
  add_library(jc_gpu STATIC ${sources})
  target_include_directories(jc_gpu PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(jc_gpu PRIVATE -Xcompiler=-Wall,-Wextra,-fno-exceptions,-fvisibility=hidden)
  target_link_libraries(jc_gpu PUBLIC CUDA::cudart_static)
  set(JC_GPU jc_gpu)
endif()
