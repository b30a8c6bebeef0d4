(** * The vocabulary of the main theorems

    A network at rest, and the paper's objects on it.  [Statements.v] is written in these
    words; nothing here is proved.  State and parameters live in arbitrary real normed
    spaces, of finite or infinite dimension, with inner products; [R^n] is [Rn] in
    [Gradients.v]. *)

From Coq Require Import Reals List.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics.
Set Implicit Arguments.
Open Scope R_scope.

Record network : Type := Network {
  State : NM;
  Param : NM;
  dot_state : State -> State -> R;
  dot_param : Param -> Param -> R;
  dot_state_inner : is_inner_product State dot_state;
  dot_param_inner : is_inner_product Param dot_param;
  Phi : State * Param -> R;             (* primitive function, at the sample's input x *)
  F : State * Param -> State;           (* transition function *)
  Phi_theta : State * Param -> Param;   (* the derivative of Phi in theta, used by the update *)
  ell : State -> R;                     (* loss, at the sample's target y *)
  grad_ell : State -> State;            (* the derivative of the loss, used by the nudge *)
  s_star : State;
  theta : Param }.

(** ** Hypotheses *)

Notation joint N := (prod_NormedModule R_AbsRing (State N) (Param N)).

(** [F] and [Phi_theta] are the partial gradients of [Phi], in a neighbourhood of rest. *)
Definition has_primitive_function (N : network) : Prop :=
  primitive_function (dot_state N) (dot_param N) (Phi N) (F N) (Phi_theta N) (s_star N) (theta N).

(** The total derivatives of [F] and [Phi_theta] at rest.  Their parts are written
    [dF_ds DF] (the Jacobian [J]), [dF_dtheta DF] and [dPhi_theta_ds DPhi_theta]. *)
Definition derivatives (N : network)
  (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N) : Prop :=
  filterdiff (U := joint N) (F N) (locally ((s_star N, theta N) : joint N)) DF /\
  filterdiff (U := joint N) (Phi_theta N) (locally ((s_star N, theta N) : joint N)) DPhi_theta.

(** [Phi] is twice differentiable, at rest only; second derivatives need not be continuous. *)
Definition twice_differentiable (N : network) : Prop := exists DF DPhi_theta, derivatives N DF DPhi_theta.

Definition loss_differentiable (N : network) : Prop :=
  is_gradient (State N) (dot_state N) (ell N) (s_star N) (grad_ell N (s_star N)) /\
  continuous (grad_ell N) (s_star N).

(** The free phase has settled: [s_star] is a steady state. *)
Definition settled (N : network) : Prop := F N (s_star N, theta N) = s_star N.

(** Needed by the paper's order of limits only: at a fixed [beta] the first limit is taken
    away from rest. *)
Definition continuous_nearby (N : network) : Prop :=
  locally ((s_star N, theta N) : joint N) (fun z => continuous (F N : joint N -> State N) z) /\
  locally ((s_star N, theta N) : joint N) (fun z => continuous (Phi_theta N : joint N -> Param N) z) /\
  locally (s_star N) (fun s => continuous (grad_ell N) s).

(** ** The two sides of the gradient-descending-updates property *)

(** The second phase, and the normalised updates
    [(s_(t+1) - s_t) / beta] and [(theta_(t+1) - theta_t) / eta]. *)
Definition cep (N : network) (beta eta : R) (t : nat) : State N * Param N :=
  nudged_phase (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t.
Definition Delta_state (N : network) (t : nat) (beta eta : R) : State N :=
  Delta_s (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t.
Definition Delta_param (N : network) (t : nat) (beta eta : R) : Param N :=
  Delta_theta (F N) (grad_ell N) (ep_rule (Phi_theta N)) (s_star N) (theta N) beta eta t.

(** BPTT: the loss at time [T] as a function of the state at [T - t] alone, and of the copy
    of the parameters used in the transition to it alone, of a free phase that is at rest;
    [g] is its gradient.  That these are the derivatives of the loss of the whole unrolled
    computation is [unrolled_loss_of_one_copy] in [Statements.v]. *)
Definition loss_of_state (N : network) (t : nat) (s : State N) : R :=
  ell N (free_phase (F N) (theta N) t s).
Definition loss_of_param (N : network) (t : nat) (th : Param N) : R :=
  ell N (free_phase (F N) (theta N) t (F N (s_star N, th))).
Definition is_nabla_s (N : network) (t : nat) (g : State N) : Prop :=
  is_gradient (State N) (dot_state N) (loss_of_state N t) (s_star N) g.
Definition is_nabla_theta (N : network) (t : nat) (g : Param N) : Prop :=
  is_gradient (Param N) (dot_param N) (loss_of_param N t) (theta N) g.
