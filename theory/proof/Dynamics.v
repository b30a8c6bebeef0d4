(** * The dynamics: free phase, nudged phase, update rules

    Definitions only.  [F] is the transition function, [grad_ell] the gradient of the loss that the
    nudge uses, and [rule] the direction in which the parameters move, a function of the state and
    the parameters before the step and of the state after it. *)

(** Conventions: a point of the joint space is a pair [(s, theta)]; [beta] is the nudging strength
    and [eta] the learning rate; time [t] counts the steps of the second phase from zero. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces.
Set Implicit Arguments.
Open Scope R_scope.

Section Dynamics.
Variables State Param : NM.
Variable F : State * Param -> State.
Variable grad_ell : State -> State.
Variable rule : (State * Param) * State -> Param.
Variables (s_star : State) (theta : Param).

(** Phase 1: [t] steps of [s <- F(s, theta)] from [s]. *)
Fixpoint free_phase (t : nat) (s : State) : State := match t with O => s | S t => free_phase t (F (s, theta)) end.

(** Phase 2 of C-EP: first the neurons, nudged down the loss, then the parameters, by
    [eta / beta] times the rule at the old parameters and both states. *)
Definition nudged_step (beta eta : R) (z : State * Param) : State * Param :=
  let s' := minus (F z) (scal (beta : R_AbsRing) (grad_ell (fst z))) in
  (s', plus (snd z) (scal (eta / beta : R_AbsRing) (rule (z, s')))).
Fixpoint nudged_phase (beta eta : R) (t : nat) : State * Param :=
  match t with O => (s_star, theta) | S t => nudged_step beta eta (nudged_phase beta eta t) end.
(** The normalised updates of the step from [t] to [t + 1]. *)
Definition Delta_s (beta eta : R) (t : nat) : State :=
  scal (/ beta : R_AbsRing) (minus (fst (nudged_phase beta eta (1 + t))) (fst (nudged_phase beta eta t))).
Definition Delta_theta (beta eta : R) (t : nat) : Param :=
  scal (/ eta : R_AbsRing) (minus (snd (nudged_phase beta eta (1 + t))) (snd (nudged_phase beta eta t))).

(** Phase 2 of EP: the parameters do not move. *)
Fixpoint ep_phase (beta : R) (t : nat) : State :=
  match t with
  | O => s_star
  | S t => minus (F (ep_phase beta t, theta)) (scal (beta : R_AbsRing) (grad_ell (ep_phase beta t)))
  end.

End Dynamics.

Section Rules.
Variables State Param : NM.
(** C-EP: [dPhi/dtheta(s', theta) - dPhi/dtheta(s, theta)]. *)
Definition ep_rule (Phi_theta : State * Param -> Param) (p : (State * Param) * State) : Param :=
  minus (Phi_theta (snd p, snd (fst p))) (Phi_theta (fst p)).
(** C-VF: [H(s, theta) (s' - s)], with [H] the transpose of [dF/dtheta]. *)
Definition vf_rule (H : State * Param -> State -> Param) (p : (State * Param) * State) : Param :=
  H (fst p) (minus (snd p) (fst (fst p))).
End Rules.

(** The parts of a total derivative: the Jacobian [dF/ds], [dF/dtheta], and [d2Phi/(dtheta ds)]. *)
Definition dF_ds (State Param : NM) (DF : State * Param -> State) (x : State) : State := DF (x, zero).
Definition dF_dtheta (State Param : NM) (DF : State * Param -> State) (v : Param) : State := DF (zero, v).
Definition dPhi_theta_ds (State Param : NM) (DPhi_theta : State * Param -> Param) (x : State) : Param := DPhi_theta (x, zero).

(** [F] and [Phi_theta] are the partial gradients of [Phi] near [(s_star, theta)]. *)
Definition primitive_function (State Param : NM) (ipS : State -> State -> R) (ipT : Param -> Param -> R)
  (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (s_star : State) (theta : Param) : Prop :=
  locally ((s_star, theta) : prod_NormedModule R_AbsRing State Param)
    (fun z => is_gradient (prod_NormedModule R_AbsRing State Param) (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)).

Arguments free_phase {State Param}.
Arguments nudged_step {State Param}.
Arguments nudged_phase {State Param}.
Arguments Delta_s {State Param}.
Arguments Delta_theta {State Param}.
Arguments ep_phase {State Param}.
Arguments ep_rule {State Param}.
Arguments vf_rule {State Param}.
Arguments primitive_function {State Param}.
Arguments dF_ds {State Param}.
Arguments dF_dtheta {State Param}.
Arguments dPhi_theta_ds {State Param}.
