/** Express 4 stands beside Express 5, whose types fit what is used of it. */
declare module 'express4' {
  import express from 'express';
  export default express;
}
